"""Python's recorder keeps a store within its limits, by whole files, and says what it removed."""

import fcntl
import os
import shutil
import time

import pytest

import stores
from processes import Writer, spanlog, spanlog_json
from python_recording import small_provider
from spanlog import SpanLogError
from spanlog._store.drops import DROP_COUNT
from spanlog._store.removals import Gap, Removals
from spanlog._store.retention import Retention
from spanlog.options import RetentionLimits

NOTHING = RetentionLimits(byte_count_max=0)
LARGE = {"is_compressing": False, "spool_bytes_max": 1 << 20, "open_spans_max": 0}
START = 1_790_000_000_000_000_000


def record(store, count, **options):
    """Records spans of 50,000 bytes with a process's life of their own."""
    provider = small_provider(store, **{**LARGE, **options})
    for number in range(count):
        provider.get_tracer("t").start_span(f"{number}", attributes={"x": "y" * 50_000}).end()
        if number % 5 == 4:
            assert provider.force_flush()
    assert provider.processor.dropped_span_count == 0
    return provider


def small_life(store, name):
    provider = small_provider(store)
    provider.get_tracer("t").start_span(name, start_time=START).end(START + 5)
    provider.shutdown()


def enforce(store, limits=NOTHING):
    return {os.path.basename(path) for path in Retention(str(store), bytes(16), limits).enforce()}


def report(store):
    spanlog("verify", store)
    [report] = spanlog_json("info", store)
    return report


def kept(report):
    return sum(recorder["span_count"] for recorder in report["recorders"])


def byte_count(store):
    return sum(file.stat().st_size for file in store.iterdir())


def test_a_recorder_keeps_its_store_within_its_limit_and_loses_count_of_nothing(tmp_path):
    provider = record(tmp_path, 400, store_bytes_max=8 << 20)
    assert byte_count(tmp_path) < 11 << 20
    found = report(tmp_path)
    assert found["removed"]["span_count"] > 150
    assert found["removed"]["span_count"] + kept(found) == 400
    provider.shutdown()
    assert len(stores.read_spans(tmp_path)) == kept(report(tmp_path))


def test_short_lives_keep_the_store_within_its_limit_each_at_its_end(tmp_path):
    for _ in range(12):
        record(tmp_path, 20, store_bytes_max=3 << 20).shutdown()
        assert byte_count(tmp_path) < 4 << 20
    found = report(tmp_path)
    assert found["removed"]["span_count"] + kept(found) == 240
    assert found["removed"]["span_count"] >= 160


def test_files_beyond_their_age_go_and_younger_ones_stay(tmp_path):
    for name in ("old", "older", "young"):
        small_life(tmp_path, name)
    for block in stores.read_store(tmp_path):
        if block.spans[0].name != "young":
            os.utime(block.file, (0, time.time() - 7200))
    provider = small_provider(tmp_path, store_age_max=3600.0)
    provider.get_tracer("t").start_span("young").end()
    provider.shutdown()
    assert [span.name for span in stores.read_spans(tmp_path)] == ["young", "young"]
    removed = report(tmp_path)["removed"]
    assert (removed["block_count"], removed["span_count"]) == (2, 2)


def test_a_segment_closes_at_a_quarter_of_the_stores_age(tmp_path):
    provider = small_provider(tmp_path, store_age_max=0.001, flush_interval=0.01)
    for number in range(3):
        provider.get_tracer("t").start_span(f"{number}").end()
        assert provider.force_flush()
    provider.shutdown()
    found = report(tmp_path)
    assert found["removed"]["span_count"] + kept(found) == 3


def test_what_a_dead_recorder_left_is_removed_and_counted(tmp_path):
    provider = small_provider(tmp_path / "living", flush_interval=3600.0, span_bytes_max=100_000)
    tracer = provider.get_tracer("t")
    tracer.start_span("stored", start_time=START).end(START + 5)
    assert provider.force_flush()
    tracer.start_span("in the spool", start_time=START + 1).end(START + 9)
    spool = provider.processor._current[1]
    spool.on_full = lambda: None
    tracer.start_span("in a file of its own", attributes={"x": "y" * 80_000}).end()
    tracer.start_span("too large", attributes={"x": "y" * 200_000}).end()
    tracer.start_span("open", start_time=START + 2)
    store = shutil.copytree(tmp_path / "living", tmp_path / "dead")
    provider.shutdown()

    assert kept(report(store)) == 3
    assert {name.rpartition(".")[2] for name in enforce(store)} == {"mdb", "spool", "block"}
    assert {file.name for file in store.iterdir()} == {"spanlog-store", "spanlog-removed"}
    found = report(store)
    assert found["recorders"] == []
    removed = found["removed"]
    assert (removed["block_count"], removed["span_count"], removed["open_span_count"]) == (3, 3, 1)
    assert removed["earliest_nanoseconds"] == START
    assert sum(removed["drops"].values()) == 1
    merged = spanlog("merge", store, "--dry-run").stdout
    assert f"{store}: removed by retention: 3 blocks, 3 spans, 1 unfinished span" in merged
    assert f"{store}: by recorders that are removed: dropped: 0 for want of memory" in merged


def test_files_of_living_recorders_are_not_touched(tmp_path):
    small_life(tmp_path, "dead")
    provider = small_provider(tmp_path)
    provider.get_tracer("t").start_span("Python lives").end()
    assert provider.force_flush()
    with Writer(tmp_path) as writer:
        writer.record({"name": "Swift lives", "start": START, "end": START + 5})
        writer.flush()
        before = {file.name for file in tmp_path.iterdir()}
        [removed] = enforce(tmp_path)
        assert {file.name for file in tmp_path.iterdir()} == before - {removed} | {"spanlog-removed"}
        writer.shutdown()
    provider.shutdown()
    assert {span.name for span in stores.read_spans(tmp_path)} == {"Python lives", "Swift lives"}
    assert report(tmp_path)["removed"]["span_count"] == 1


def test_a_recorder_that_is_just_starting_is_not_taken_for_dead(tmp_path):
    small_life(tmp_path, "dead")
    spool = tmp_path / f"{'ab' * 16}.spool"
    spool.touch()
    assert spool.name not in enforce(tmp_path)
    # Nobody starts for hours.
    os.utime(spool, (1, 1))
    assert enforce(tmp_path) == {spool.name}


def test_what_interrupted_writing_left_goes_once_nobody_can_be_writing(tmp_path):
    small_life(tmp_path, "dead")
    [segment] = tmp_path.glob("*.mdb")
    provider = small_provider(tmp_path)
    living = provider.processor
    provider.get_tracer("t").start_span("living").end()
    [spool] = tmp_path.glob("*.spool")
    left = [f"{segment.name[:32]}-5.block.1-2.tmp", "compacted-x.tmp", "spanlog-removed.1-2.tmp",
            f"{'cd' * 16}-0.mdb-lock"]  # fmt: skip
    others = [f"{spool.stem}-9.block.1-2.tmp", f"{segment.name}-lock", "notes.txt"]
    for name in left + others:
        (tmp_path / name).touch()
    enforce(tmp_path, RetentionLimits(byte_count_max=1 << 30))
    names = {file.name for file in tmp_path.iterdir()}
    assert names.isdisjoint(left) and names.issuperset(others)
    assert enforce(tmp_path) == {segment.name}
    assert not (tmp_path / f"{segment.name}-lock").exists()
    living.shutdown()


@pytest.mark.parametrize("tool", ["Python", "Swift"])
def test_only_one_process_at_a_time_removes(tmp_path, tool):
    small_life(tmp_path, "dead")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    if tool == "Python":
        assert enforce(tmp_path) == set()
    else:
        with Retention(str(tmp_path), bytes(16), NOTHING)._locked() as is_locked:
            assert not is_locked
        os.close(descriptor)
        with Retention(str(tmp_path), bytes(16), NOTHING)._locked() as is_locked:
            assert is_locked and spanlog("compact", tmp_path, check=False).returncode != 0
        spanlog("compact", tmp_path)
        return
    os.close(descriptor)
    assert len(enforce(tmp_path)) == 1


def test_both_languages_add_to_the_same_record(tmp_path):
    def swift(name):
        with Writer(tmp_path, storeBytesMax=1) as writer:
            writer.record({"name": name, "start": START, "end": START + 5})
            writer.shutdown()

    for turn in range(3):
        small_life(tmp_path, f"Python {turn}")
        swift(f"Swift {turn}")
        # What the other one wrote is understood, and written again as it was.
        before = (tmp_path / "spanlog-removed").read_bytes()
        Removals.read(str(tmp_path)).write(str(tmp_path))
        assert (tmp_path / "spanlog-removed").read_bytes() == before
        small_life(tmp_path, f"Python again {turn}")
        enforce(tmp_path)
    found = report(tmp_path)
    assert kept(found) == 0
    assert (found["removed"]["block_count"], found["removed"]["span_count"]) == (9, 9)


def test_compacted_segments_are_removed_with_their_unfinished_spans(tmp_path):
    for number in range(3):
        with Writer(tmp_path) as writer:
            writer.record({"name": f"{number}", "start": START, "end": START + 5},
                          {"name": "open", "start": START, "key": f"{number}"})  # fmt: skip
            writer.kill()
    spanlog("compact", tmp_path)
    [name] = enforce(tmp_path)
    assert name.startswith("compacted-")
    removed = report(tmp_path)["removed"]
    assert (removed["span_count"], removed["open_span_count"]) == (3, 3)


def gap(number, **members):
    recorder = number.to_bytes(16, "big")
    return Gap(recorder, 0, 1, 1, 0, 1, 2, number, (0,) * DROP_COUNT)._replace(**members)


def test_of_more_gaps_than_the_record_keeps_the_oldest_become_one(tmp_path):
    removals = Removals()
    assert removals.add(gap(number) for number in range(1, 5_001))
    assert len(removals.gaps) <= 4_096
    assert not removals.add([gap(5_000)])
    small_life(tmp_path, "a")
    removals.write(str(tmp_path))
    assert Removals.read(str(tmp_path)).gaps == removals.gaps
    assert report(tmp_path)["removed"]["span_count"] == 5_000


def test_a_gap_is_known_once_however_it_is_told():
    removals = Removals()
    assert removals.add([gap(1, first=4), gap(1, first=4), gap(1, first=3)])
    assert not removals.add([gap(1, first=3), gap(1, first=4)])
    assert removals.add([gap(1, block_count=0, open_span_count=2), gap(1, first=5)])
    assert not removals.add([gap(1, block_count=0, open_span_count=2)])
    assert [(g.first, g.block_count, g.open_span_count) for g in removals.gaps] == [(3, 3, 0), (0, 0, 2)]


@pytest.mark.parametrize("position", [0, 8, 16, 24, 40, 60])
def test_nothing_is_removed_while_the_record_is_damaged(tmp_path, position):
    small_life(tmp_path, "first")
    enforce(tmp_path)
    small_life(tmp_path, "second")
    record = tmp_path / "spanlog-removed"
    content = bytearray(record.read_bytes())
    content[position] ^= 0x40
    record.write_bytes(content)
    with pytest.raises(SpanLogError, match="spanlog-removed is damaged.*delete the file"):
        enforce(tmp_path)
    # A recorder goes on as if there were no limit.
    provider = small_provider(tmp_path, store_bytes_max=0)
    provider.get_tracer("t").start_span("third").end()
    provider.shutdown()
    assert {span.name for span in stores.read_spans(tmp_path)} == {"second", "third"}


def test_a_damaged_file_is_removed_with_what_can_be_read_of_it(tmp_path):
    for _ in range(2):
        small_life(tmp_path, "dead")
    first, second = sorted(tmp_path.glob("*.mdb"))
    first.write_bytes(b"SPLGBLK1" + b"\xff" * 5_000)
    second.write_bytes(second.read_bytes()[:-4_000])
    assert len(enforce(tmp_path)) == 2
    assert report(tmp_path)["removed"]["span_count"] <= 1


def test_a_forked_child_does_not_hold_the_lock_of_the_store(tmp_path):
    small_life(tmp_path, "dead")
    provider = small_provider(tmp_path, store_bytes_max=1 << 30)
    provider.get_tracer("t").start_span("s").end()
    retention = provider.processor._recorders[0][1]._life.writer._retention
    read, write = os.pipe()
    with retention._locked() as is_locked:
        assert is_locked
        child = os.fork()
        if child == 0:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
    try:
        assert len(enforce(tmp_path)) == 1
    finally:
        os.close(write)
        os.waitpid(child, 0)
        os.close(read)
        provider.shutdown()
