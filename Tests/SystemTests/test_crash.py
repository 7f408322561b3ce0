"""A process that is killed at any moment loses no span that had ended, and shows those still open.

Runs 12 kills; SPANLOG_KILLS=1000 makes it a campaign.
"""

import os
import random
import threading
from collections import Counter

import pytest
from processes import Writer, spanlog, spanlog_json

START = 1_790_000_000_000_000_000
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
KILLS = int(os.environ.get("SPANLOG_KILLS", "12"))


def record_and_kill(store, generator):
    """Records without a flush until a kill at a random moment.

    Returns the names of the spans whose end the process has confirmed, and of those it was about
    to end, and of those that it left open.
    """
    confirmed, sent, opened = Counter(), Counter(), Counter()
    moment = generator.uniform(0.0, 0.6)
    with Writer(store) as writer:
        killer = threading.Timer(moment, writer.popen.kill)
        killer.start()
        try:
            for number in range(1_000_000):
                name = f"{id(writer)}.{number}"
                span = {"name": name, "start": START, "headers": PARENT}
                if number % 50 == 0:
                    writer.record({**span, "name": f"open {name}", "key": name})
                    opened[f"open {name}"] += 1
                sent[name] += 1
                writer.record({**span, "end": START + number + 1, "attributes": {}})
                confirmed[name] += 1
        except (OSError, ValueError):
            pass  # The pipe broke: the process is gone.
        finally:
            killer.join()
            writer.popen.wait()
    return confirmed, sent, opened


@pytest.mark.parametrize("seed", range(3))
def test_no_span_that_ended_is_lost_or_doubled_and_open_ones_are_there(tmp_path, seed):
    generator = random.Random(seed)
    store, archive = tmp_path / "store", tmp_path / "archive"
    confirmed, sent, opened = Counter(), Counter(), Counter()
    for _ in range(max(KILLS // 3, 1)):
        for total, part in zip((confirmed, sent, opened), record_and_kill(store, generator)):
            total.update(part)
    assert len(confirmed) > 20 and len(opened) > 3

    spanlog("verify", store)
    report = spanlog_json("merge", store, "-o", archive)
    accounting = report["accounting"]
    assert accounting["identical"] == accounting["replica"] == 0
    # A span that was just ending may be both open and ended: it is joined into one.
    assert accounting["joined"] <= KILLS
    spans = spanlog_json("show", archive, TRACE)["spans"]
    assert len(spans) == accounting["spans_out"] == accounting["read"] - accounting["joined"]

    ended = Counter(span["name"] for span in spans if span["end_time_unix_nano"])
    assert confirmed - ended == Counter(), "spans that had ended are lost"
    assert ended - sent == Counter(), "spans are there twice, or were never recorded"
    unfinished = Counter(span["name"] for span in spans if not span["end_time_unix_nano"])
    assert opened - unfinished == Counter(), "open spans are missing"
    # A span of which the confirmation was not read may have been open when the process died.
    assert all(count == 1 for count in unfinished.values())
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
