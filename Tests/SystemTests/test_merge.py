"""What the command `spanlog merge` leaves behind: archives as documented, or nothing."""

import signal
import subprocess
import time

import pytest

import archives
import stores
from processes import SPANLOG, Writer, spanlog, spanlog_json

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
