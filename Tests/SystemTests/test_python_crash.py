"""A Python process that is killed at any moment loses no span that had ended, and shows those still
open.

Runs 12 kills; SPANLOG_KILLS=200 makes it a campaign.
"""

import os
import random
import shutil
import time

import pytest
from processes import spanlog
from python_processes import python_stream
from streams import Stream, check_exactly_once, check_merged, finish_all

KILLS = int(os.environ.get("SPANLOG_KILLS", "12"))
RATES = [100, 1_000, None]
# Small blocks, each at once: the disk is busy with a commit most of the time.
COMMITTING = {"blockBytesMax": 1 << 16, "flushIntervalMilliseconds": 1}
# Segments that hold a block or two, so that every second kill meets a rotation.
ROTATING = {**COMMITTING, "segmentBytesMax": 1 << 20}


def record_and_kill(store, prefix, seconds, **stream):
    """Lets a process record until it is killed, and returns what it said."""
    with python_stream(store, prefix, **stream) as process:
        process.wait_for(len)
        # The moment of the kill is what is random here.
        time.sleep(seconds)
        return process.kill()


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{rate or 'any'} spans a second")
def test_no_span_that_ended_is_lost_or_doubled_and_open_ones_are_there(tmp_path, rate):
    generator = random.Random(rate)
    for life in range(max(KILLS // 6, 1)):
        store, archive = tmp_path / f"store {life}", tmp_path / f"archive {life}"
        said = record_and_kill(store, f"{life}.", generator.uniform(0.01, 0.8), rate=rate)
        check_merged(store, archive, said)


@pytest.mark.parametrize(
    "settings", [COMMITTING, ROTATING], ids=["while blocks are committed", "while segments rotate"]
)
def test_kills_at_full_speed_lose_nothing(tmp_path, reader, settings):
    generator = random.Random(len(settings))
    segments = 0
    for life in range(max(KILLS // 4, 1)):
        store = tmp_path / f"{life}"
        said = record_and_kill(
            store, f"{life}.", generator.uniform(0, 0.4), settings=settings, threads=2,
            attributeBytes=1_000,
        )  # fmt: skip
        check_exactly_once(reader.read(store), said)
        segments += len(list(store.glob("*.mdb")))
        shutil.rmtree(store)
    if settings is ROTATING:
        assert segments > KILLS // 4, "segments did not rotate"


def test_python_and_swift_processes_record_into_one_store(tmp_path, reader):
    streams = [python_stream(tmp_path, "p1.", count=500), Stream(tmp_path, "s1.", count=500),
               python_stream(tmp_path, "p2.", count=500)]  # fmt: skip
    finish_all(streams)
    check_exactly_once(reader.read(tmp_path), *streams)
    assert not list(tmp_path.glob("*.spool"))
    spanlog("verify", tmp_path)
