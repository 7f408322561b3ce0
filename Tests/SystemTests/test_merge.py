"""What the command `spanlog merge` leaves behind: archives as documented, or nothing."""

import signal
import subprocess
import time

import pytest

import archives
import stores
from archive_files import OPEN, block, data, span, write_store
from processes import SPANLOG, Writer, spanlog, spanlog_json
from spanlog import read_spans
from wire import field_bytes

START = 1_790_000_000_000_000_000
SPAN = {"name": "work", "start": START, "end": START + 1_000_000}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three stores of 600 spans each, and an archive of all of them."""
    folder = tmp_path_factory.mktemp("merge")
    for name in ("a", "b", "c"):
        with Writer(folder / "stores" / name) as writer:
            for _ in range(3):
                writer.record(*[SPAN] * 200)
                writer.flush()
            writer.shutdown()
    spanlog("merge", folder / "stores", "-o", folder / "all.spanlog")
    return folder


def test_an_archive_is_as_the_documentation_says(folder):
    archive = archives.read_archive(folder / "all.spanlog")
    assert archive.digest == archive.report["digest"]
    recorded = {}
    for name in ("a", "b", "c"):
        for block in stores.read_store(folder / "stores" / name):
            for index, span in enumerate(block.spans):
                recorded[block.recorder, block.sequence, index] = span.SerializeToString()
    archived = {}
    for trace_id, spans in archive.traces.items():
        for span, origin, sequence, index in spans:
            assert span.trace_id == trace_id
            archived[origin[2].hex(), sequence, index] = span.SerializeToString()
    assert archived == recorded and len(recorded) == 1800
    assert archive.report["accounting"]["spans_out"] == 1800
    assert sorted(archive.traces) == sorted(summary[9] for summary in archive.summaries)
    keys = [summary[2][::-1] + summary[9] for summary in archive.summaries]
    assert keys == sorted(keys) and archive.quarantine == []


def test_what_is_joined_changed_and_set_aside_is_as_the_documentation_says(tmp_path):
    client, server = {"kind": 3, "name": "call"}, {"kind": 2, "name": "answer"}
    other = {"recorder": b"o" * 16}
    no_resource = field_bytes(1, field_bytes(1, b"\x0a\x7f") + field_bytes(2, field_bytes(2, b"")))
    cut_off = data(span(7)).SerializeToString() + b"\x0a\x7f"
    blocks = [
        block(0, span(1, name="early", end_time_unix_nano=30), span(2, **client), span(3, parent_span_id=b"p" * 8)),
        block(1, span(1, name="late", start_time_unix_nano=15), span(6, start_time_unix_nano=0)),
        block(2, payload=no_resource, span_count=1),
        block(3, payload=cut_off, span_count=1, compressed=True),
        block(OPEN, span(5, name="open", end_time_unix_nano=0)),
        block(0, span(2, **server), span(4, name="work", parent_span_id=span(2).span_id), **other),
        # The same bytes from another place.
        block(1, span(3, parent_span_id=b"p" * 8), **other),
    ]  # fmt: skip
    # A store that is carried twice makes no difference.
    for name in ("once", "twice"):
        write_store(tmp_path / "stores" / name, blocks)
    spanlog("merge", tmp_path / "stores", "-o", tmp_path / "archive")
    archive = archives.read_archive(tmp_path / "archive")
    assert archive.digest == archive.report["digest"]
    reasons = sorted(entry[1].decode() for entry, _ in archive.quarantine)
    assert reasons == ["no start", "undecodable block", "undecodable resource"]
    [spans] = archive.traces.values()
    found = {span.name: (span, sequence) for span, _, sequence, _ in spans}
    late, sequence = found["late"]
    assert (late.start_time_unix_nano, late.end_time_unix_nano, sequence) == (10, 30, 1)
    [call, answer, work] = [found[name][0] for name in ("call", "answer", "work")]
    assert call.span_id == span(2).span_id == answer.parent_span_id
    assert answer.span_id not in (call.span_id, bytes(8)) and work.parent_span_id == answer.span_id
    assert [a.key for a in answer.attributes] == ["spanlog.original_span_id"]
    assert found["open"][1] == -1 and len(spans) == 7
    # The package reads the same.
    expected = {(s.span_id.hex(), s.parent_span_id.hex()) for s, *_ in spans}
    read = read_spans(tmp_path / "archive", times="raw")
    parents = {f"{s.context.span_id:016x}": s.parent for s in read}
    assert {(id, f"{p.span_id:016x}" if p else "") for id, p in parents.items()} == expected


def test_an_archive_says_of_clocks_what_the_documentation_says(folder):
    archive = archives.read_archive(folder / "all.spanlog")
    [boot] = {origin[3].hex() for spans in archive.traces.values() for _, origin, *_ in spans}
    assert list(archive.anchors) == [f"boot:{boot}"]
    assert [archives.domain_name(domain) for domain in archive.clock_domains] == [f"boot:{boot}"]
    blocks = [b for name in ("a", "b", "c") for b in stores.read_store(folder / "stores" / name)]
    sealed = {(b.recorder, b.sequence): b.anchor_boottime for b in blocks}
    assert archive.seals == sealed and len(sealed) >= 9
    # The first and the last anchor are kept, whatever is left out between them.
    anchors = archive.anchors[f"boot:{boot}"]
    assert anchors == sorted(anchors)
    assert (anchors[0][0], anchors[-1][0]) == (min(sealed.values()), max(sealed.values()))
    distances = {b.anchor_boottime: b.anchor_realtime - b.anchor_boottime for b in blocks}
    assert all(distances[time] == distance for time, distance in anchors)
    for summary, ranges in zip(archive.summaries, archive.ranges, strict=True):
        start, end = (int.from_bytes(summary[number], "little") for number in (2, 3))
        assert ranges == [(f"boot:{boot}", start, end)]


def test_stores_that_come_later_make_the_same_archive(folder, tmp_path):
    archive = tmp_path / "growing.spanlog"
    spanlog("merge", folder / "stores/b", "-o", archive)
    spanlog("merge", folder / "stores/c", "--into", archive)
    report = spanlog_json("merge", folder / "stores/a", folder / "stores/b", "--into", archive)
    accounting = report["accounting"]
    assert accounting["read"] == 2400 and accounting["replica"] == 600
    expected = spanlog_json("merge", folder / "stores", "--dry-run")
    assert report["digest"] == expected["digest"]
    assert spanlog("show", archive).stdout == spanlog("show", folder / "all.spanlog").stdout


def test_a_dry_run_writes_nothing(folder, tmp_path):
    archive = tmp_path / "out"
    result = spanlog("merge", folder / "stores", "-o", archive, "--dry-run")
    assert "read 1800 = 1800 out" in result.stdout and "archive:" not in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_limit_of_address_space_does_not_stop_a_merge(folder, tmp_path):
    command = f"ulimit -v 4000000; {SPANLOG} merge {folder}/stores -o {tmp_path}/out --threads 1"
    subprocess.run(["bash", "-c", command], check=True, capture_output=True, timeout=60)
    assert archives.read_archive(tmp_path / "out").report["traces"]["total"] == 1800


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_merge_that_is_told_to_end_leaves_an_archive_or_nothing(folder, tmp_path, number):
    command = [SPANLOG, "merge", folder / "stores", "-o", tmp_path / "out", "--overwrite"]
    statuses = set()
    for attempt in range(20):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # From before its first line to after its last one.
        time.sleep(attempt * 0.01)
        process.send_signal(number)
        statuses.add(process.wait(60))
        left = [path.name for path in tmp_path.iterdir()]
        # A process that has not come to say what signals mean to it yet has begun nothing.
        assert left in ([], ["out"])
        assert archives.read_archive(tmp_path / "out").digest if left else True
    assert statuses <= {0, 128 + number, -number}


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["-o", "x", "--into", "y"], ["--into", "y", "--dry-run"], ["-o", "x", "--memory", "lots"],
        ["-o", "x", "--threads", "0"],
    ],
)  # fmt: skip
def test_a_command_line_that_makes_no_sense_is_refused(folder, arguments):
    result = spanlog("merge", folder / "stores/a", *arguments, check=False)
    assert result.returncode == 64 and result.stderr
