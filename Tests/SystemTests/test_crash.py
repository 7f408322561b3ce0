"""A process that is killed at any moment loses no span that had ended, and shows those still open.

Runs 12 kills; SPANLOG_KILLS=1000 makes it a campaign.
"""

import json
import os
import random
import subprocess
import threading
from collections import Counter

import pytest
from processes import WRITER, Writer, spanlog, spanlog_json

START = 1_790_000_000_000_000_000
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
KILLS = int(os.environ.get("SPANLOG_KILLS", "12"))
RATES = [100, 1_000, 10_000, None]


def record_and_kill(store, rate, seconds, prefix):
    """Lets a process record until it is killed, and returns the lines that it wrote."""
    process = subprocess.Popen([WRITER, store, "writer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    stream = {"rate": rate, "prefix": prefix, "headers": PARENT}
    process.stdin.write(json.dumps({"command": "stream", "stream": stream}).encode() + b"\n")
    process.stdin.flush()
    first = process.stdout.readline()
    killer = threading.Timer(seconds, process.kill)
    killer.start()
    lines = (first + process.stdout.read()).decode().split("\n")
    killer.join()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    # The last line is empty, or cut off by the kill.
    return lines[:-1]


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{rate or 'any'} spans a second")
def test_no_span_that_ended_is_lost_or_doubled_and_open_ones_are_there(tmp_path, rate):
    generator = random.Random(rate)
    for life in range(max(KILLS // len(RATES), 1)):
        store, archive = tmp_path / f"store {life}", tmp_path / f"archive {life}"
        lines = record_and_kill(store, rate, generator.uniform(0.01, 1.0), f"{life}.")
        ended = {line for line in lines if not line.startswith("open ")}
        opened = {line.removeprefix("open ") for line in lines} - ended

        spanlog("verify", store)
        report = spanlog_json("merge", store, "-o", archive)
        accounting = report["accounting"]
        assert accounting["identical"] == accounting["replica"] == 0
        # The span that was just ending may be both open and ended: it is joined into one.
        assert accounting["joined"] <= 1
        spans = spanlog_json("show", archive, TRACE)["spans"]
        assert len(spans) == accounting["spans_out"] == accounting["read"] - accounting["joined"]

        found = Counter(span["name"] for span in spans)
        assert set(found.values()) == {1}, "spans are there twice"
        finished = {span["name"] for span in spans if span["end_time_unix_nano"]}
        assert ended <= finished, "spans that had ended are lost"
        assert opened <= set(found) - finished, "open spans are missing"
        # At most one more than was said: the kill may have come before the line.
        assert len(found) <= len(lines) + 1
        for span in spans:
            if not span["end_time_unix_nano"]:
                assert span["attributes"]["spanlog.last_seen_unix_nano"] > START


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
