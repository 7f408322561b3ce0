"""After a loss of power the store opens, and holds every block that was durable before.

A process records onto a disk that logs what it does (`Disk/disk.c`). From the log the store is built
as it is left by a loss of power at a random moment, 300 times; SPANLOG_POWER_LOSSES=10000 is a
campaign.
"""

import os
import tempfile
from collections import Counter
from pathlib import Path

import disks
import power_loss
import pytest
from streams import Stream

LOSSES = int(os.environ.get("SPANLOG_POWER_LOSSES", "300"))

SMALL = {"blockBytesMax": 1 << 16, "spoolBytesMax": 1 << 18, "openSpansMax": 32}
# A flush after each few spans; spans larger than a block; segments of few blocks; a full spool.
WORKLOADS = {
    "small blocks": ({**SMALL, "flushIntervalMilliseconds": 1}, {"flushEvery": 7, "count": 1_000}),
    "segments that rotate": (
        {**SMALL, "segmentBytesMax": 1_150_000},
        {"flushEvery": 20, "count": 1_500, "attributeBytes": 500},
    ),
    "spans larger than a block": (
        {**SMALL, "segmentBytesMax": 1 << 20},
        {"flushEvery": 3, "count": 40, "attributeBytes": 100_000},
    ),
    "two threads": (
        {**SMALL, "segmentBytesMax": 1_200_000, "flushIntervalMilliseconds": 0},
        {"flushEvery": 50, "count": 500, "threads": 2},
    ),
}


@pytest.mark.parametrize("name", WORKLOADS)
def test_what_was_durable_survives_a_loss_of_power(tmp_path, reader, name):
    durable_at_least_once = 0
    count = LOSSES // len(WORKLOADS)
    for disk, generator in power_loss.replays(record(tmp_path, *WORKLOADS[name]), count, name):
        durable_at_least_once += lose_power(tmp_path, reader, disk, generator)
    assert durable_at_least_once > count // 2


def test_a_disk_that_lies_about_what_is_durable_is_found_out(tmp_path, reader):
    """So the other test would notice a recorder that does not wait for its disk."""
    failures = 0
    events = record(tmp_path, *WORKLOADS["small blocks"])
    for disk, generator in power_loss.replays(events, 20, "lies", is_lying=True):
        try:
            lose_power(tmp_path, reader, disk, generator)
        except AssertionError:
            failures += 1
    assert failures > 5


def record(tmp_path, settings, stream):
    """What a process that records does to its disk."""
    store, log = tmp_path / "store", tmp_path / "log"
    environment = disks.environment(store, log=log)
    with Stream(store, "", settings=settings, environment=environment, **stream) as process:
        process.finish()
    return power_loss.read_log(log)


def lose_power(tmp_path, reader, disk, generator):
    """Checks what a loss of power leaves; returns whether anything was durable before."""
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        never_synced = disk.lose_power(Path(folder), generator)
        return check(reader, disk, Path(folder), never_synced)


def check(reader, disk, folder, never_synced):
    """Asserts what must be left of a disk; returns whether anything was durable."""
    durable = durable_spans(disk.lines)
    if not any(path.suffix in (".mdb", ".spool") for path in folder.iterdir()):
        assert not durable
        return False
    contents = reader.read(folder)
    ended = Counter(contents.ended)
    assert durable <= ended.keys(), f"lost, though durable: {sorted(durable - ended.keys())[:5]}"
    assert set(ended.values()) <= {1}, "spans are there twice"
    # What a loss of power damages was never durable: a file that was never synced, the spool's
    # chunks that were only in memory, and a block between those that were saved from it.
    for damage in contents.damages:
        file = os.path.basename(damage.split(": ")[0])
        assert file in never_synced or "are missing" in damage, damage
    return bool(durable)


def durable_spans(lines):
    """What was durable by the lines that a process had said: `durable 2.17` is about thread 2."""
    durable, said = set(), {}
    for line in lines:
        word, _, name = line.rpartition(" ")
        thread = name.rpartition(".")[0]
        if word == "durable":
            durable |= said.get(thread, set())
        elif not word and not line.startswith("{"):
            said.setdefault(thread, set()).add(name)
    return durable
