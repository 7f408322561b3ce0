"""A process that is killed at any moment loses no span that had ended, and shows those still open.

Runs 12 kills; SPANLOG_KILLS=1000 makes it a campaign.
"""

import os
import random
import shutil
import time

import pytest
from processes import Writer, spanlog, spanlog_json
from streams import PARENT, Stream, check_exactly_once, check_merged

START = 1_790_000_000_000_000_000
KILLS = int(os.environ.get("SPANLOG_KILLS", "12"))
RATES = [100, 1_000, 10_000, None]


def record_and_kill(store, prefix, seconds, **stream):
    """Lets a process record until it is killed, and returns what it said."""
    with Stream(store, prefix, **stream) as process:
        process.wait_for(len)
        # The moment of the kill is what is random here.
        time.sleep(seconds)
        return process.kill()


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{rate or 'any'} spans a second")
def test_no_span_that_ended_is_lost_or_doubled_and_open_ones_are_there(tmp_path, rate):
    generator = random.Random(rate)
    for life in range(max(KILLS // len(RATES), 1)):
        store, archive = tmp_path / f"store {life}", tmp_path / f"archive {life}"
        said = record_and_kill(store, f"{life}.", generator.uniform(0.01, 1.0), rate=rate)
        spans = check_merged(store, archive, said)
        for span in spans:
            if not span["end_time_unix_nano"]:
                assert span["attributes"]["spanlog.last_seen_unix_nano"] > START


# Small blocks, each at once: the disk is busy with a commit most of the time.
COMMITTING = {"blockBytesMax": 1 << 16, "flushIntervalMilliseconds": 0}
# Segments that hold a block or two, so that every second kill meets a rotation.
ROTATING = {**COMMITTING, "segmentBytesMax": 1 << 20}


@pytest.mark.parametrize(
    "settings", [COMMITTING, ROTATING], ids=["while blocks are committed", "while segments rotate"]
)
def test_kills_at_full_speed_lose_nothing(tmp_path, reader, settings):
    generator = random.Random(len(settings))
    segments = 0
    for life in range(max(KILLS // 2, 1)):
        store = tmp_path / f"{life}"
        said = record_and_kill(
            store, f"{life}.", generator.uniform(0, 0.3), settings=settings, threads=2
        )
        check_exactly_once(reader.read(store), said)
        segments += len(list(store.glob("*.mdb")))
        shutil.rmtree(store)
    if settings is ROTATING:
        assert segments > 3 * KILLS // 2, "segments did not rotate"


def test_a_living_process_is_read_as_it_is(tmp_path):
    store, archive = tmp_path / "store", tmp_path / "archive"
    with Writer(store) as writer:
        writer.record({"name": "open", "start": START, "headers": PARENT, "key": "open"})
        for number in range(30):
            writer.record(
                {"name": f"{number}", "start": START, "end": START + 5, "headers": PARENT}
            )
            report = spanlog_json("merge", store, "-o", archive, "--overwrite")
            assert report["accounting"]["spans_out"] == number + 2
            assert report["traces"]["unfinished"] == 1
        assert "1 span still open" in spanlog("info", store).stdout
        writer.shutdown()
    report = spanlog_json("merge", store, "-o", archive, "--overwrite")
    assert report["accounting"]["spans_out"] == 31
    assert report["traces"]["unfinished"] == 1
    assert not list(store.glob("*.spool"))
