"""Bad input to the command line tool: a message that names the file, and nothing half-written."""

import base64
import http.server
import os
import shutil
import threading

import pytest

from processes import Writer, spanlog

SPAN = {"name": "work", "start": 1_790_000_000_000_000_000, "end": 1_790_000_000_000_000_001}
UNKNOWN_TRACE = "0" * 31 + "1"


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A folder with a good store and archive, and with everything that is neither."""
    folder = tmp_path_factory.mktemp("inputs")
    with Writer(folder / "good") as writer:
        for _ in range(3):
            writer.record(*[SPAN] * 200)
            writer.flush()
        writer.shutdown()
    spanlog("merge", folder / "good", "-o", folder / "good.spanlog")
    (folder / "empty").mkdir()
    (folder / "text").write_text("This is no store.\n")
    for name, damage in (("cut", cut), ("flipped", flip), ("overwritten", overwrite)):
        shutil.copytree(folder / "good", folder / name)
        damage(segment_of(folder / name))
    cut(shutil.copy(folder / "good.spanlog", folder / "cut.spanlog"))
    (folder / "newer").mkdir()
    newer = (folder / "good/spanlog-store").read_bytes().replace(b"1", b"9")
    (folder / "newer/spanlog-store").write_bytes(newer)
    return folder


def segment_of(store):
    [segment] = store.glob("*.mdb")
    return segment


def overwrite(path):
    path.write_text("This is no segment.\n")


def cut(path):
    os.truncate(path, os.path.getsize(path) * 2 // 3)


def flip(path):
    """Changes one bit in the payload of the first block."""
    content = bytearray(path.read_bytes())
    content[content.index(b"SPLGBLK1") + 300] ^= 0x10
    path.write_bytes(content)


def refuse(*arguments, naming, status=1, **options):
    """Runs the tool; it must fail with a message that names a path, and print no result."""
    result = spanlog(*arguments, check=False, **options)
    assert result.returncode == status, result.stdout + result.stderr
    assert str(naming) in result.stderr
    assert result.stdout == ""
    return result.stderr


@pytest.mark.parametrize("name", ["missing", "empty", "text", "newer"])
@pytest.mark.parametrize("command", ["info", "verify", "merge"])
def test_what_is_no_store_is_refused_by_name(inputs, tmp_path, command, name):
    output = ["-o", tmp_path / "out"] if command == "merge" else []
    refuse(command, inputs / "good", inputs / name, *output, naming=inputs / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["missing", "empty", "text", "good", "cut.spanlog"])
def test_what_is_no_archive_is_refused_by_name(inputs, name):
    refuse("show", inputs / name, naming=inputs / name)
    refuse("show", inputs / name, UNKNOWN_TRACE, "--json", naming=inputs / name)
    refuse("clock", inputs / name, naming=inputs / name)
    refuse("export", "mlflow", inputs / name, "--tracking-uri", "http://127.0.0.1:9",
           "--experiment", "x", naming=inputs / name)  # fmt: skip


@pytest.mark.parametrize("name", ["cut", "flipped", "overwritten"])
def test_damage_is_found_and_named(inputs, name):
    segment = segment_of(inputs / name)
    for command in ("verify", "info"):
        result = spanlog(command, inputs / name, check=False)
        assert result.returncode == 1
        assert segment.name in result.stdout + result.stderr


@pytest.mark.parametrize("name", ["cut", "flipped", "overwritten"])
def test_a_merge_takes_what_is_sound_beside_damage_and_says_so(inputs, tmp_path, name):
    archive = tmp_path / "out"
    result = spanlog("merge", inputs / "good", inputs / name, "-o", archive, check=False)
    assert result.returncode == 2
    assert segment_of(inputs / name).name in result.stdout + result.stderr
    whole = spanlog("show", inputs / "good.spanlog", "--json").stdout
    assert spanlog("show", archive, "--json").stdout == whole


def test_an_archive_is_not_overwritten_unless_asked_to(inputs, tmp_path):
    archive = tmp_path / "out"
    archive.write_text("precious")
    refuse("merge", inputs / "good", "-o", archive, naming=archive)
    assert archive.read_text() == "precious"
    spanlog("merge", inputs / "good", "-o", archive, "--overwrite")
    spanlog("show", archive)


def test_an_archive_that_cannot_be_written_leaves_nothing(inputs, tmp_path):
    refuse("merge", inputs / "good", "-o", tmp_path / "missing/out", naming="missing/out")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_trace_is_refused(inputs):
    archive = inputs / "good.spanlog"
    for trace in (UNKNOWN_TRACE, "zz", ""):
        result = spanlog("show", archive, trace, check=False)
        assert result.returncode != 0
        assert str(archive) in result.stderr
        assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["info"],
        ["verify"],
        ["merge", "good"],
        ["merge", "-o", "out"],
        ["show"],
        ["clock"],
        ["clock", "good.spanlog", "drawing"],
        ["clock", "good.spanlog", "--plot", "--json"],
        ["merge", "good", "-o", "out", "--clock", "wrong"],
        ["merge", "good", "-o", "out", "--clock", "manual"],
        ["show", "good.spanlog", "--limit", "0"],
        ["export", "mlflow", "good.spanlog", "--experiment", "x"],
        ["export", "mlflow", "good.spanlog", "--tracking-uri", "http://127.0.0.1:9"],
        ["unknown"],
    ],
)
def test_wrong_usage_exits_with_64_and_shows_the_usage(inputs, monkeypatch, arguments):
    monkeypatch.chdir(inputs)
    before = sorted(inputs.iterdir())
    result = spanlog(*arguments, check=False)
    assert result.returncode == 64
    assert "Usage: spanlog" in result.stderr
    assert result.stdout == ""
    assert sorted(inputs.iterdir()) == before


@pytest.mark.parametrize("command", ["info", "verify", "merge", "show", "clock", "export mlflow"])
def test_each_subcommand_explains_itself(command):
    text = spanlog(*command.split(), "--help").stdout
    assert "USAGE:" in text and "OVERVIEW:" in text


def export(inputs, uri, experiment="refused", **options):
    return refuse("export", "mlflow", inputs / "good.spanlog", "--tracking-uri", uri,
                  "--experiment", experiment, naming=uri, **options)  # fmt: skip


def test_an_export_without_a_server_names_the_address(inputs):
    export(inputs, "http://127.0.0.1:9")


@pytest.fixture
def other_server():
    """The address of a server that is no MLflow, and the headers that it was sent."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>Welcome</html>")

        do_POST = do_GET

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()


def test_an_export_to_another_kind_of_server_names_the_address(inputs, other_server):
    uri, _ = other_server
    export(inputs, uri)


@pytest.mark.parametrize(
    "environment, header",
    [
        ({"MLFLOW_TRACKING_TOKEN": "secret"}, "Bearer secret"),
        (
            {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "pass:wörd"},
            "Basic " + base64.b64encode("ada:pass:wörd".encode()).decode(),
        ),
    ],
)
def test_credentials_of_the_environment_are_sent_and_not_printed(
    inputs, other_server, environment, header
):
    uri, seen = other_server
    message = export(inputs, uri, environment=environment)
    assert seen and {headers["Authorization"] for headers in seen} == {header}
    assert not any(secret in message for secret in environment.values())


@pytest.mark.parametrize("uri", ["nonsense", "ftp://127.0.0.1/", "http://", ""])
def test_an_export_to_no_address_is_refused(inputs, uri):
    result = spanlog("export", "mlflow", inputs / "good.spanlog", "--tracking-uri", uri,
                     "--experiment", "x", check=False)  # fmt: skip
    assert result.returncode != 0
    assert "--tracking-uri" in result.stderr or (uri and uri in result.stderr)
    assert result.stdout == ""


@pytest.mark.parametrize(
    "content", [None, "", "[]", '{"format": "spanlog-clock 9", "domains": {}}', '{"domains": {"x": {}}}']
)
def test_offsets_of_clocks_that_cannot_be_used_are_refused_by_name(inputs, tmp_path, content):
    file = tmp_path / "offsets.json"
    if content is not None:
        file.write_text(content)
    refuse("merge", inputs / "good", "-o", tmp_path / "out", "--clock", "manual", file, naming=file)
    assert not (tmp_path / "out").exists()


def test_a_drawing_that_cannot_be_written_is_named(inputs, tmp_path):
    file = tmp_path / "missing/drawing"
    result = spanlog("clock", inputs / "good.spanlog", "--plot", file, check=False)
    assert result.returncode == 1 and str(file) in result.stderr
