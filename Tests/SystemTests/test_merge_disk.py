"""A merge that cannot end: the disk is full, or somebody wants the process to go. There is no archive
then, nothing else is left on the disk, and whoever waits is told why."""

import contextlib
import signal
import subprocess
import time

import pytest

import archives
import disks
from processes import SPANLOG, TIME_LIMIT, Writer, spanlog, spanlog_json
from streams import Stream

START = 1_790_000_000_000_000_000


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """20,000 spans of 400 bytes, of which no two are alike."""
    store = tmp_path_factory.mktemp("disk") / "store"
    with Writer(store) as writer:
        for batch in range(20):
            writer.record(
                *[
                    {
                        "name": f"{batch} {number}",
                        "start": START + batch * 1000 + number,
                        "end": START + 1_000_000,
                        "attributes": {"text": {"string": [f"{number * 7919 % 1000003:07}" * 40]}},
                    }
                    for number in range(1000)
                ]
            )
        writer.shutdown()
    return store


@contextlib.contextmanager
def stopped_merge(store, disk, archive, temporary):
    """A merge that has written something to `disk`, and stands still."""
    command = [SPANLOG, "merge", store, "-o", archive, "--memory", "1M", "--temporary", temporary]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + TIME_LIMIT
        while disks.used(disk) < 200_000:
            assert process.poll() is None, "the merge had ended before it was stopped"
            assert time.monotonic() < deadline
            time.sleep(0.001)
        process.send_signal(signal.SIGSTOP)
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


PLACES = ["archive", "temporary"]


@pytest.fixture(params=PLACES)
def small_disk(request, tmp_path):
    """A disk of 64 MiB, and what is on it: the archive or the temporary space."""
    places = {name: tmp_path / name for name in PLACES}
    for name, folder in places.items():
        if name != request.param:
            folder.mkdir()
    with disks.small(places[request.param], "64m") as disk:
        yield disk, places["archive"] / "out.spanlog", places["temporary"]


def test_a_disk_that_fills_up_ends_the_merge_with_a_remedy(store, small_disk):
    disk, archive, temporary = small_disk
    with stopped_merge(store, disk, archive, temporary) as process:
        filling = disks.fill(disk)
        process.send_signal(signal.SIGCONT)
        _, errors = process.communicate(timeout=TIME_LIMIT)
        assert process.returncode == 1
    assert "make room" in errors and "No space left" in errors and str(disk) in errors
    filling.unlink()
    assert list(archive.parent.iterdir()) == [] and list(temporary.iterdir()) == []
    assert disks.used(disk) == 0
    # Once there is room, the same command does what it should.
    spanlog("merge", store, "-o", archive, "--memory", "1M", "--temporary", temporary)
    assert archives.read_archive(archive).report["accounting"]["spans_out"] == 20_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_merge_that_is_ended_while_it_writes_leaves_no_archive(store, small_disk, number):
    disk, archive, temporary = small_disk
    with stopped_merge(store, disk, archive, temporary) as process:
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=TIME_LIMIT)
        killed = number == signal.SIGKILL
        assert process.returncode == (-number if killed else 128 + number)
    left = [path.name for path in archive.parent.iterdir()]
    # Nobody can clean up after a kill; the next merge to the same place does.
    assert all(killed and name.startswith("out.spanlog.partial-") for name in left)
    assert list(temporary.iterdir()) == []
    spanlog("merge", store, "-o", archive, "--temporary", temporary)
    assert [path.name for path in archive.parent.iterdir()] == ["out.spanlog"]


def test_a_merge_beside_a_running_process_takes_what_had_ended_and_says_until_when(tmp_path):
    store, archive = tmp_path / "store", tmp_path / "archive"
    last = set()
    with Stream(store, "", rate=2000, openEvery=0) as process:
        for number in range(5):
            count = len(process.ended)
            process.wait_for(lambda _: len(process.ended) > count + 200)
            before = set(process.ended)
            text = spanlog("merge", store, "-o", archive, "--overwrite").stdout
            assert "still running, read until 20" in text
            spans = archives.read_archive(archive).traces.values()
            names = [span.name for trace in spans for span, *_ in trace]
            assert len(names) == len(set(names))
            # A prefix of what the process records: everything up to a moment after the merge began.
            assert before | last <= set(names)
            last = set(names)
        process.kill()
    report = spanlog_json("merge", store, "-o", archive, "--overwrite")
    assert [recorder["is_running"] for recorder in report["recorders"]] == [False]
    assert "still running" not in spanlog("merge", store, "--dry-run").stdout
