"""A wall clock that is set back by an hour while spans are recorded changes no duration.

The process runs with libfaketime, which moves CLOCK_REALTIME by what a file says and leaves the clock
since boot alone.
"""

import pytest
from hosts import LIBRARIES, WallClock, remove_shared_memory
from processes import spanlog, spanlog_json
from streams import TRACE, Stream

HOUR = 3600 * 10**9


@pytest.fixture
def clock(tmp_path):
    """Sets the wall clock of processes that are started with `options(clock)`."""
    if not LIBRARIES:
        pytest.skip("libfaketime is not installed: run Tools/setup")
    yield WallClock(tmp_path / "offset")
    remove_shared_memory()


def options(clock):
    return {"environment": clock.environment, "launcher": clock.launcher}


def test_a_clock_that_is_set_back_changes_no_duration(tmp_path, reader, clock):
    store = tmp_path / "store"
    with Stream(store, "", rate=200, flushEvery=10, **options(clock)) as process:
        process.wait_for(lambda _: len(process.durable) > 5)
        clock.set_by("-3600")
        before = len(process.ended)
        process.wait_for(lambda _: len(process.ended) > before + 100)
        process.kill()
    contents = reader.read(store)
    assert contents.damages == []
    assert set(process.ended) <= set(contents.ended)

    # Each span lasted less than a second by the clock that is never stepped.
    assert all(0 <= end - start < 10**9 for start, end in contents.times)
    # By the wall clock the later half starts an hour before the other.
    starts = [start for start, _ in contents.times]
    steps = [after - before for before, after in zip(starts, starts[1:])]
    back = [step for step in steps if step < 0]
    assert len(back) == 1 and abs(back[0] + HOUR) < 60 * 10**9

    # The anchors show the step, and nothing else: what one clock says beside the other.
    distances = [wall - boot for boot, wall in sorted((boot, wall) for wall, boot in contents.anchors)]
    is_set_back = [distances[0] - distance > HOUR // 2 for distance in distances]
    assert is_set_back == sorted(is_set_back) and any(is_set_back)
    undone = [distance + HOUR * stepped for distance, stepped in zip(distances, is_set_back)]
    assert max(undone) - min(undone) < 10**9

    archive = tmp_path / "archive"
    report = spanlog_json("merge", store, "-o", archive)
    assert report["accounting"]["spans_out"] == len(contents.ended) + len(contents.open)
    spans = spanlog_json("show", archive, TRACE)["spans"]
    assert all(s["end_time_unix_nano"] >= s["start_time_unix_nano"] for s in spans if s["end_time_unix_nano"])


def test_a_span_over_the_step_has_the_duration_that_passed(tmp_path, reader, clock):
    store = tmp_path / "store"
    # Each span lasts 20 ms or so: the stream waits inside it.
    stream = {"rate": 50, "waitsInside": True, "openEvery": 0}
    with Stream(store, "", **stream, **options(clock)) as process:
        process.wait_for(lambda _: len(process.ended) > 5)
        clock.set_by("-3600")
        before = len(process.ended)
        process.wait_for(lambda _: len(process.ended) > before + 5)
        process.kill()
    contents = reader.read(store)
    assert set(process.ended) <= set(contents.ended)
    durations = [end - start for start, end in contents.times]
    assert min(durations) > 10**6, "a span that the step fell into lost its time"
    assert max(durations) < 10**10
