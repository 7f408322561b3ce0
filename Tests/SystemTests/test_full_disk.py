"""A disk that is full, broken or read-only does not end recording: spans wait in the spool up to its
bound, what is beyond is counted, one line says so, and when the disk works again everything goes on."""

import errno
import os
import resource
import subprocess

import disks
import pytest
from processes import spanlog, spanlog_json
from python_processes import python_stream
from streams import Stream, check_exactly_once

# Room for 256 KiB of spans; with 2,000 bytes each, about 120 of them.
SETTINGS = {"blockBytesMax": 1 << 16, "spoolBytesMax": 1 << 18, "openSpansMax": 64, "flushIntervalMilliseconds": 5}
STREAM = {"rate": 400, "attributeBytes": 2_000, "openEvery": 0}


@pytest.fixture(params=[Stream, python_stream], ids=["Swift", "Python"])
def stream(request):
    """Starts a process of either language that records."""
    return request.param


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MiB."""
    with disks.small(tmp_path / "disk", "8m") as folder:
        yield folder


def drops(store):
    [report] = spanlog_json("info", store)
    [recorder] = report["recorders"]
    return recorder["drops"]


def wait_for_drops(process, store):
    """Returns once the spool is full."""
    while drops(store)["buffer_full"] <= 20:
        count = len(process.ended)
        process.wait_for(lambda _: len(process.ended) > count + 20)


def wait_until_nothing_is_dropped(process, store):
    """Returns once 100 spans found room, however slow the disk of this machine is."""
    before, now = -1, drops(store)["buffer_full"]
    while now != before:
        count = len(process.ended)
        process.wait_for(lambda _: len(process.ended) > count + 100)
        before, now = now, drops(store)["buffer_full"]


def check_recovery(process, store, reader):
    """Checks a process whose disk works again: what was not dropped must all be there."""
    process.wait_for(lambda _: b"Spans are written again" in process.errors)
    wait_until_nothing_is_dropped(process, store)
    process.kill()
    contents = reader.read(store)
    lost = drops(store)
    found = set(contents.ended)
    assert contents.damages == []
    assert len(found) == len(contents.ended), "spans are there twice"
    missing = [name for name in process.ended if name not in found]
    assert lost["buffer_full"] - 1 <= len(missing) <= lost["buffer_full"]
    assert sum(lost.values()) == lost["buffer_full"]
    assert found.intersection(process.ended[-50:]), "it does not record as before"
    log = process.errors.decode().splitlines()
    assert [line for line in log if "Spans are written again" in line] == log[1:]
    assert len(log) == 2 and "Cannot write spans into" in log[0]
    spanlog("verify", store)


def test_a_full_disk_costs_counted_spans_until_there_is_room_again(stream, small_disk, reader):
    store = small_disk / "store"
    with stream(store, "", settings=SETTINGS, **STREAM) as process:
        process.wait_for(lambda _: len(process.ended) > 50)
        filling = disks.fill(small_disk)
        wait_for_drops(process, store)
        filling.unlink()
        check_recovery(process, store, reader)


def test_a_file_system_that_becomes_read_only_costs_counted_spans(stream, small_disk, reader):
    store = small_disk / "store"
    # The spool's mapping may be written, so the kernel refuses the remount while it is there.
    with stream(store, "", settings=SETTINGS, **STREAM) as process:
        process.wait_for(lambda _: len(process.ended) > 50)
        result = subprocess.run(
            ["mount", "-o", "remount,ro", small_disk], capture_output=True, text=True
        )
        assert result.returncode != 0 and "busy" in result.stderr, result.stderr
        process.kill()
    # Once the process has died, it is read as it is.
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    check_exactly_once(reader.read(store), process)
    spanlog("verify", store)
    spanlog_json("merge", store, "-o", small_disk.parent / "archive")


FAULTS = {
    "writes fail: I/O error": (errno.EIO, "w"),
    "syncs fail: I/O error": (errno.EIO, "s"),
    "the disk is full": (errno.ENOSPC, "w"),
    "a sync finds the disk full": (errno.ENOSPC, "s"),
    "the quota is used up": (errno.EDQUOT, "w"),
    "a remount made it read-only": (errno.EROFS, "ws"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_disk_that_fails_costs_counted_spans_until_it_works_again(stream, tmp_path, reader, fault):
    store, trigger = tmp_path / "store", tmp_path / "fault"
    environment = disks.environment(store, fault=trigger)
    with stream(store, "", settings=SETTINGS, environment=environment, **STREAM) as process:
        process.wait_for(lambda _: len(process.ended) > 50)
        with disks.failing(trigger, *FAULTS[fault]):
            wait_for_drops(process, store)
        check_recovery(process, store, reader)


def test_a_limit_on_file_sizes_costs_counted_spans(stream, tmp_path, reader):
    """Where nothing can be mounted, RLIMIT_FSIZE makes writes fail (EFBIG) without ending the process."""
    store = tmp_path / "store"
    with stream(store, "", settings=SETTINGS, **STREAM) as process:
        process.wait_for(lambda _: len(process.ended) > 50)
        limits = resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE, (4096, limits[1]))
        wait_for_drops(process, store)
        resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE, limits)
        check_recovery(process, store, reader)
