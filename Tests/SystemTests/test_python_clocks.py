"""Times of an archive by aligned clocks, in Python as `spanlog show` has them."""

import json
import math

import pandas
import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from processes import spanlog, spanlog_json
from spanlog import SpanLogProcessor, read_frame, read_spans
from spanlog._store import clocks
from spanlog.reading.clock_lines import Piece, Seal, shift_of
from spanlog.reading.corrections import Correction, Knot, corrections_of
from spanlog.reading.messages import MalformedError
from test_clock_alignment import archive, traces  # noqa: F401, a fixture

SECOND = 10**9


def shown(path, *options):
    """What `spanlog show` says of the times of each span."""
    return {
        span["span_id"]: (
            span["start_time_unix_nano"], span["end_time_unix_nano"],
            [event["time_unix_nano"] for event in span["events"]],
            {"bound_ns": None, **span["clock"]} if "clock" in span else None,
        )
        for spans in traces(path, *options)
        for span in spans
    }  # fmt: skip


def read(path, times):
    """The same, as Python reads it."""
    found = {}
    for span in read_spans(path, times=times):
        clock = span.clock and {
            "domain": span.clock.domain, "method": span.clock.method,
            "offset_ns": span.clock.offset, "bound_ns": span.clock.bound,
        }  # fmt: skip
        events = [event.timestamp for event in span.events]
        found[f"{span.context.span_id:016x}"] = (span.start_time, span.end_time or 0, events, clock)
    return found


@pytest.mark.parametrize(
    ("times", "option"), [("aligned", []), ("raw", ["--raw-time"])], ids=["aligned", "raw"]
)
def test_python_has_the_times_that_the_command_shows(archive, times, option):  # noqa: F811
    path, _ = archive
    expected = shown(path, *option)
    assert len(expected) > 500
    assert read(path, times) == expected


def by_hand(folder, offset_of):
    """The options of a merge that takes these offsets, in nanoseconds by clock domain."""
    domains = {name: {"offset_ns": offset, "bound_ns": 9} for name, offset in offset_of.items()}
    file = folder / "offsets.json"
    file.write_text(json.dumps({"format": "spanlog-clock 1", "domains": domains}))
    return "--clock", "manual", file


@pytest.mark.parametrize("mode", ["mid", "off", "manual"])
def test_every_way_to_align_clocks_is_read(archive, tmp_path, mode):  # noqa: F811
    path, domain_of = archive
    options = ["--clock", mode]
    if mode == "manual":
        options = by_hand(tmp_path, {domain_of["ahead"]: -3 * SECOND})
    other = tmp_path / "archive"
    spanlog("merge", path.parent / "stores", "-o", other, *options)
    assert read(other, "aligned") == shown(other)


def test_events_and_unfinished_spans_are_moved_too(tmp_path):
    provider = TracerProvider()
    provider.add_span_processor(SpanLogProcessor(tmp_path / "store"))
    span = provider.get_tracer("t").start_span("ended")
    span.add_event("now")
    span.add_event("never", timestamp=0)
    span.end()
    provider.get_tracer("t").start_span("open")
    provider.shutdown()
    moved = tmp_path / "moved"
    offsets = {f"boot:{clocks.boot_id().hex()}": 3 * SECOND}
    spanlog("merge", tmp_path / "store", "-o", moved, *by_hand(tmp_path, offsets))
    assert read(moved, "aligned") == shown(moved)
    before, after = read(moved, "raw"), read(moved, "aligned")
    for key, (start, end, events, _) in before.items():
        assert after[key][0] == start + 3 * SECOND
        assert after[key][1] == (end + 3 * SECOND if end else 0)
        assert after[key][2] == [time and time + 3 * SECOND for time in events]
    assert sorted(len(events) for _, _, events, _ in before.values()) == [0, 2]


def test_a_frame_says_how_far_off_times_may_be(archive):  # noqa: F811
    path, domain_of = archive
    frame = read_frame(path)
    by_service = frame.groupby("service")["clock_bound"]
    assert (by_service.max() < pandas.Timedelta(50, "ms")).all()
    starts = frame.set_index("span_id")["start"]
    children = frame[frame["parent_span_id"].isin(starts.index)]
    leads = children["start"].to_numpy() - starts[children["parent_span_id"]].to_numpy()
    assert len(leads) > 500 and (leads >= pandas.Timedelta(0)).all()
    raw = read_frame(path, times="raw")
    assert raw["clock_bound"].isna().all()
    assert (raw.set_index("span_id")["start"] != starts).any()
    assert read_frame(path.parent / "stores")["clock_bound"].isna().all()


def test_spans_without_a_boot_have_the_clock_of_their_instance(tmp_path, monkeypatch):
    monkeypatch.setattr(clocks, "boot_id", lambda: bytes(16))
    for name, attributes in {"a": {"service.instance.id": ""}, "b": {}, "": {}}.items():
        resource = Resource({"service.name": name, **attributes})
        provider = TracerProvider(resource=resource)
        provider.add_span_processor(SpanLogProcessor(tmp_path / "store"))
        provider.get_tracer("t").start_span("s").end()
        provider.shutdown()
    spanlog("merge", tmp_path / "store", "-o", tmp_path / "archive")
    expected = shown(tmp_path / "archive")
    assert len(expected) == 3 and read(tmp_path / "archive", "aligned") == expected
    assert all(clock["domain"].startswith("instance:") for *_, clock in expected.values())


def test_other_words_for_times_are_refused(tmp_path):
    with pytest.raises(ValueError, match="'aligned' or 'raw', not 'corrected'"):
        list(read_spans(__file__, times="corrected"))


def correction(**members):
    plain = {"domain": "d", "method": "bounded", "is_bounded": True, "is_bounded_in_frame": True,
             "pieces": [], "knots": [], "drift_ppm": 0.0, "residual_drift_ppm": 0.0}  # fmt: skip
    return Correction(**{**plain, **members})


def test_numbers_that_make_no_sense_make_no_reader_fail():
    times = (0, 1, 2**62, 2**63, 2**64 - 1)
    numbers = (math.nan, math.inf, -math.inf, 1e308, 0.0)
    knots = [Knot(2**63 - 1, -(2**63), 2**64 - 1), Knot(-(2**63), 2**63 - 1, 0), Knot(5, 5, 5)]
    for drift in numbers:
        for count in range(4):
            pieces = [Piece(2**62, -(2**62), 2**63 - 1, -(2**63))] * count
            wild = correction(
                pieces=pieces, knots=knots[:count], drift_ppm=drift, residual_drift_ppm=drift
            )
            for start in times:
                for end in times:
                    found = wild.corrected(start, end, [start], Seal(end, start))
                    assert all(0 <= time < 2**64 for time in (found.start, found.end, *found.events))
                    assert found.clock.bound is None or 0 <= found.clock.bound < 2**64


def test_a_span_near_a_step_back_belongs_to_the_time_that_its_block_tells():
    # The clock was set back by 10 s, 100 s after the boot.
    pieces = [Piece(0, 100 * SECOND, 1_000 * SECOND, -10 * SECOND), Piece(101 * SECOND, 200 * SECOND, 990 * SECOND, 0)]
    wall = 1_095 * SECOND
    early, late = Seal(96 * SECOND, 95 * SECOND), Seal(106 * SECOND, 105 * SECOND - 1)
    assert shift_of(pieces, wall, wall + 1, early).nanoseconds == -10 * SECOND
    assert shift_of(pieces, wall, wall + 1, late).nanoseconds == 0
    assert shift_of(pieces[:1], wall, 0, Seal()).nanoseconds == -10 * SECOND


@pytest.mark.parametrize("message", [b"\x1a\xff", b"\x1a\x02\x08\x01", b"\x1b", b"\x1a\x00", b"\x80" * 20])
def test_bytes_that_are_no_corrections_are_refused(message):
    with pytest.raises(MalformedError):
        corrections_of(message)
