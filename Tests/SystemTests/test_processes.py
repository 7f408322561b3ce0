"""Any number of processes record into one store, and none waits for another.

Runs 200 short-lived processes; SPANLOG_PROCESSES=5000 makes it thousands.
"""

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from processes import spanlog, spanlog_json
from streams import Stream, check_exactly_once, finish_all

PROCESSES = int(os.environ.get("SPANLOG_PROCESSES", "200"))


def test_one_of_eight_is_killed_and_one_stopped_and_the_others_go_on(tmp_path, reader):
    store = tmp_path / "store"

    def start(name):
        return Stream(store, f"{name}.", rate=500, flushEvery=10, openEvery=25)

    streams = [start(name) for name in range(8)]
    try:
        for stream in streams:
            stream.wait_for(lambda lines: any(line.startswith("durable") for line in lines))
        stopped, killed, *others = streams
        stopped.pause()
        killed.kill()
        others.append(start("late"))
        streams.append(others[-1])
        # Everybody else begins, ends and makes durable: none waits for what stands still.
        for stream in others:
            before = len(stream.durable)
            stream.wait_for(lambda _: len(stream.durable) >= before + 3)
        [report] = spanlog_json("info", store)
        assert len(report["recorders"]) == len(streams)
        for stream in streams:
            stream.kill()
    finally:
        for stream in streams:
            stream.__exit__()
    check_exactly_once(reader.read(store), *streams)
    report = spanlog_json("merge", store, "-o", tmp_path / "archive")
    assert report["accounting"]["identical"] == report["accounting"]["replica"] == 0


def test_eight_processes_with_two_threads_each_at_full_speed(tmp_path, reader):
    settings = {"segmentBytesMax": 1 << 20, "blockBytesMax": 1 << 16, "flushIntervalMilliseconds": 5}
    streams = [
        Stream(tmp_path, f"{name}.", settings=settings, threads=2, count=2_000, flushEvery=500)
        for name in range(8)
    ]
    finish_all(streams)
    check_exactly_once(reader.read(tmp_path), *streams)
    assert len(reader.read(tmp_path).ended) == 8 * 2 * (2_000 - 2_000 // 50)
    assert not list(tmp_path.glob("*.spool"))
    spanlog("verify", tmp_path)


def test_short_lived_processes_one_after_the_other(tmp_path, reader):
    def live(number):
        with Stream(tmp_path, f"{number}.", count=3, openEvery=0) as stream:
            stream.finish()

    # Two at a time, as a script starts one before the last one has quite ended.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(live, range(PROCESSES)))
    expected = Counter(f"{number}.{span}" for number in range(PROCESSES) for span in range(3))
    contents = reader.read(tmp_path)
    assert Counter(contents.ended) == expected
    assert contents.open == contents.damages == []
    begin = time.monotonic()
    report = spanlog_json("info", tmp_path)
    assert time.monotonic() - begin < 0.05 * PROCESSES + 5
    assert len(report[0]["recorders"]) == PROCESSES
