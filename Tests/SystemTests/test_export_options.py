"""Exports that take a part, go on after an interruption, or find a part of it in MLflow already."""

import json
import os
import signal
import subprocess
import sys
import time

import mlflow_traces
import pytest
from processes import SPANLOG, TIME_LIMIT, MLflowServer, Writer, spanlog

DAY = 86_400 * 10**9
START = 1_790_000_000_000_000_000


def record(store, service, *spans):
    """Records spans as a service of its own, and returns their trace ids."""
    with Writer(store, service) as writer:
        ids = writer.record(*spans)
        writer.shutdown()
    return [trace for trace, _ in ids]


def span(name, start=START, **details):
    return {"name": name, "start": start, "end": start + 10**6, **details}


def texts(**attributes):
    return {key.replace("__", "."): {"string": [value]} for key, value in attributes.items()}


def merge(folder, *names):
    archive = folder / "traces.spanlog"
    spanlog("merge", *[folder / name for name in names], "-o", archive)
    return archive


@pytest.fixture
def export(request, mlflow_server):
    """Exports to an experiment of the test's own; the result also has what is there then."""

    def run(archive, *options, experiment=request.node.name, check=True):
        result = spanlog("export", "mlflow", archive, "--tracking-uri", mlflow_server.uri,
                         "--experiment", experiment, *options, check=check)  # fmt: skip
        result.traces = mlflow_traces.read(mlflow_server.uri, experiment) if check else None
        return result

    return run


@pytest.fixture
def archive(tmp_path):
    """An archive of four traces by name, each of them different in one respect."""
    record(tmp_path / "a", "planner", span("today"), span("yesterday", START - DAY),
           span("failed", START + 1, status={"code": "error"}))  # fmt: skip
    record(tmp_path / "b", "coder", span("by the coder", START + 2))
    return merge(tmp_path, "a", "b")


def names(traces):
    return sorted(trace["tags"]["mlflow.traceName"] for trace in traces.values())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--service", "coder"], ["by the coder"]),
        (["--service", "coder", "--service", "planner", "--status", "error"], ["failed"]),
        (["--until", "2026-09-21T14:13:20Z"], ["yesterday"]),
        (["--since", "2026-09-21"], ["by the coder", "failed", "today"]),
        (["--status", "ok", "--since", "2026-09-21T14:13:20+00:00"], ["by the coder", "today"]),
        (["--service", "nobody"], []),
    ],
    ids=" ".join,
)
def test_only_the_traces_that_were_asked_for_are_exported(export, archive, options, expected):
    result = export(archive, *options, experiment="selected by " + " ".join(options))
    assert names(result.traces) == expected
    assert f"Exported {len(expected)} trace" in result.stdout


def test_a_trace_is_selected_by_its_id_and_a_missing_one_is_named(export, archive):
    everything = export(archive, experiment="everything").traces
    [failed] = [id for id, trace in everything.items() if trace["state"] == "ERROR"]
    assert list(export(archive, "--trace", f"tr-{failed}").traces) == [failed]
    result = export(archive, "--trace", "0" * 31 + "1", check=False)
    assert result.returncode == 64
    assert "holds no trace 00000000000000000000000000000001" in result.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--since", "yesterday"], "--since"),
        (["--trace", "12"], "32 hexadecimal digits"),
        (["--connections", "0"], "--connections"),
        (["--ca-certificates", __file__], "no certificate"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_wrong_options_are_refused_by_name(export, archive, options, word):
    result = export(archive, *options, check=False)
    assert result.returncode == 64
    assert word in result.stderr


def test_only_what_is_new_or_has_changed_is_exported_again(export, archive, tmp_path):
    assert len(export(archive).traces) == 4
    assert "Exported 0 traces" in export(archive, "--since-last").stdout
    record(tmp_path / "c", "tester", span("new", START + 3))
    spanlog("merge", tmp_path / "c", "--into", archive)
    result = export(archive, "--since-last")
    assert "Exported 1 trace (" in result.stdout
    assert "Delivered before: 4 traces" in result.stdout
    assert len(result.traces) == 5


def test_spans_alone_make_the_same_traces_but_for_what_only_mlflows_call_can_say(export, tmp_path):
    record(tmp_path / "a", "planner", span(
        "root", inputs='{"a": 1}', attributes=texts(
            mlflow__traceTag__team="history", session__id="s 1", user__id="ada")))  # fmt: skip
    archive = merge(tmp_path, "a")
    [spans_only] = export(archive, "--otlp-only", experiment="spans only").traces.values()
    [whole] = export(archive, experiment="whole").traces.values()
    assert spans_only["spans"] == whole["spans"]
    for key in ("state", "request_time", "request_preview"):
        assert spans_only[key] == whole[key]
    assert spans_only["tags"]["team"] == whole["tags"]["team"]
    assert spans_only["metadata"]["mlflow.trace.session"] == "s 1"
    assert spans_only["metadata"]["mlflow.trace.user"] == "ada"


PYTHON_SERVICE = """
import mlflow
mlflow.set_experiment("{experiment}")
with mlflow.start_span("python's") as root:
    root.set_inputs({{"q": 1}})
    root.set_outputs({{"a": 2}})
    print(mlflow.tracing.get_tracing_context_headers_for_http_request()["traceparent"])
mlflow.flush_trace_async_logging()
"""


def test_a_trace_whose_root_python_brought_itself_is_completed(
    export, mlflow_server, tmp_path, request
):
    script = PYTHON_SERVICE.format(experiment=request.node.name)
    environment = {**os.environ, "MLFLOW_TRACKING_URI": mlflow_server.uri}
    python = subprocess.run([sys.executable, "-c", script], env=environment, check=True,
                            capture_output=True, text=True)  # fmt: skip
    headers = {"traceparent": python.stdout.strip()}
    record(tmp_path / "a", "swift", span(
        "child", headers=headers, attributes=texts(mlflow__traceTag__team="history")))  # fmt: skip
    archive = merge(tmp_path, "a")
    for _ in range(2):
        [trace] = export(archive).traces.values()
        assert trace["tags"]["mlflow.traceName"] == "python's"
        assert trace["state"] == "OK"
        assert trace["request_preview"] == '{"q": 1}'
        assert trace["tags"]["team"] == "history"
        assert [s["name"] for s in trace["spans"] if s["parent_span_id"]] == ["child"]


@pytest.fixture
def many(tmp_path):
    """An archive of 600 traces."""
    ids = record(tmp_path / "a", "planner", *[span(f"{n}", START + n) for n in range(600)])
    return merge(tmp_path, "a"), set(ids)


def begin(archive, server, *options):
    command = [SPANLOG, "export", "mlflow", archive, "--tracking-uri", server.uri,
               "--experiment", "interrupted", *options]  # fmt: skip
    return subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_delivery(archive, process):
    """Returns once the journal says that something was delivered, and not everything."""
    journal = archive.with_name(archive.name + ".exports")
    deadline = time.monotonic() + TIME_LIMIT
    while process.poll() is None and time.monotonic() < deadline:
        if journal.exists() and '"trace"' in journal.read_text():
            return
        time.sleep(0.01)
    raise AssertionError("nothing was delivered before the export ended")


def test_an_export_survives_the_death_and_return_of_its_server(many, tmp_path):
    archive, ids = many
    server = MLflowServer(tmp_path)
    process = begin(archive, server, "--spans-per-request", "50")
    try:
        wait_for_delivery(archive, process)
        server.kill()
        server = MLflowServer(tmp_path, port=server.port)
        output, errors = process.communicate(timeout=TIME_LIMIT)
        assert process.returncode == 0, errors
        assert "Exported 600 traces" in output
        assert set(mlflow_traces.read(server.uri, "interrupted")) == ids
    finally:
        process.kill()
        server.kill()


def test_an_export_that_was_killed_goes_on_where_it_was(many, tmp_path, mlflow_server):
    archive, ids = many
    process = begin(archive, mlflow_server, "--spans-per-request", "50")
    wait_for_delivery(archive, process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=TIME_LIMIT)
    result = begin(archive, mlflow_server, "--resume")
    output, errors = result.communicate(timeout=TIME_LIMIT)
    assert result.returncode == 0, errors
    [before] = [line for line in output.splitlines() if line.startswith("Delivered before: ")]
    assert int(before.split()[2]) > 0
    assert set(mlflow_traces.read(mlflow_server.uri, "interrupted")) == ids


def test_where_no_journal_can_be_kept_an_export_goes_on_without(export, archive):
    archive.with_name(archive.name + ".exports").mkdir()
    result = export(archive)
    assert "No journal of this export is kept" in result.stderr
    assert len(result.traces) == 4
    result = export(archive, "--resume", check=False)
    assert result.returncode == 1
    assert "the journal of the export" in result.stderr


def test_the_journal_is_lines_of_json(export, archive):
    export(archive)
    lines = archive.with_name(archive.name + ".exports").read_text().splitlines()
    entries = [json.loads(line) for line in lines if line]
    assert entries[0]["target"].startswith("http://127.0.0.1:")
    assert len([entry for entry in entries if "trace" in entry]) == 4
    assert entries[-1] == {"is_complete": True}
