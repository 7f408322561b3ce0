"""`spanlog compact` joins what ended processes left, while others write, and whenever it is killed."""

import random
import subprocess
import time
from collections import Counter

import pytest
import stores
from processes import SPANLOG, Writer, spanlog, spanlog_json

START = 1_790_000_000_000_000_000
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}


def span(name, **members):
    return {"name": name, "start": START, "end": START + 5, "headers": PARENT, **members}


def short_lives(store, lives, recorded=None):
    """Processes one after the other; every third is killed, with a span open."""
    recorded = Counter() if recorded is None else recorded
    for life in lives:
        with Writer(store, f"service {life % 2}") as writer:
            described = [span(f"{life}.{number}") for number in range(50)]
            writer.record(*described)
            recorded.update(each["name"] for each in described)
            if life % 3 == 2:
                writer.record(span(f"{life}.open", end=None, key=f"{life}.open"))
                recorded[f"{life}.open"] += 1
                writer.kill()
            else:
                writer.shutdown()
    return recorded


def merged(store, archive):
    """The names of all spans, and how many are unfinished."""
    report = spanlog_json("merge", store, "-o", archive, "--overwrite")
    accounting = report["accounting"]
    assert accounting["read"] == accounting["spans_out"], accounting
    spans = spanlog_json("show", archive, TRACE)["spans"]
    return Counter(span["name"] for span in spans), report["traces"]["unfinished"]


def test_short_lives_become_one_file(tmp_path):
    store, archive = tmp_path / "store", tmp_path / "archive"
    recorded = short_lives(store, range(12))
    assert merged(store, archive) == (recorded, 4)
    size = sum(file.stat().st_size for file in store.iterdir())
    said = spanlog("compact", store).stdout
    assert "into 1 (" in said and ", 600 spans, 4 unfinished spans)" in said, said
    names = sorted(file.name for file in store.iterdir())
    assert len(names) == 2 and names[0].startswith("compacted-") and names[1] == "spanlog-store"
    assert sum(file.stat().st_size for file in store.iterdir()) < size / 20
    assert merged(store, archive) == (recorded, 4)
    assert ", 600 spans)" in spanlog("verify", store).stdout
    # Python reads it as any segment.
    blocks = stores.read_store(store)
    assert {block.key for block in blocks} == {
        bytes.fromhex(block.recorder) + block.sequence.to_bytes(8, "big") for block in blocks
    }
    assert sum(block.span_count for block in blocks) == 600
    assert "nothing to join" in spanlog("compact", store).stdout


def test_killed_compactions_lose_and_double_nothing(tmp_path):
    store, archive = tmp_path / "store", tmp_path / "archive"
    generator = random.Random(1)
    recorded = Counter()
    for round in range(4):
        short_lives(store, range(6 * round, 6 * round + 6), recorded)
        for _ in range(3):
            process = subprocess.Popen([SPANLOG, "compact", store], stdout=subprocess.DEVNULL)
            time.sleep(generator.uniform(0, 0.1))
            process.kill()
            process.wait()
            assert merged(store, archive)[0] == recorded
    spanlog("compact", store)
    assert merged(store, archive) == (recorded, 8)
    assert len(list(store.iterdir())) == 2


def test_services_write_on_while_their_store_is_compacted(tmp_path):
    store, archive = tmp_path / "store", tmp_path / "archive"
    recorded = short_lives(store, range(6))
    with Writer(store, "living") as writer:
        for number in range(20):
            writer.record(span(f"living {number}"))
            recorded[f"living {number}"] += 1
            if number % 2:
                writer.flush()
            if number % 5 == 0:
                [said] = spanlog_json("compact", store)
                assert said["living_recorder_count"] == 1
            assert merged(store, archive)[0] == recorded
        writer.shutdown()
    spanlog("compact", store)
    assert merged(store, archive)[0] == recorded
    assert len(list(store.iterdir())) == 2


@pytest.mark.parametrize("arguments", [["compact", "nowhere"], ["compact"]])
def test_a_store_that_is_not_there_is_an_error(tmp_path, arguments):
    result = spanlog(*arguments, check=False)
    assert result.returncode in (1, 64)
    assert result.stderr
