"""What Python records is what every reader of stores finds."""

import os
import struct
from collections import Counter

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.trace import Link, SpanKind, StatusCode

import stores
from processes import spanlog, spanlog_json
from python_recording import REMOTE, attributes, in_context, small_provider, without_scope
from spanlog import SpanLogProcessor

VALUES = {
    "text": ("a", ("string", "a")),
    "text empty": ("", ("string", "")),
    "text of other scripts": ("Grüße, 世界 🛰️", ("string", "Grüße, 世界 🛰️")),
    "text with a zero": ("a\0b", ("string", "a\0b")),
    "text of 125 bytes": ("x" * 125, ("string", "x" * 125)),
    "text of 126 bytes": ("x" * 126, ("string", "x" * 126)),
    "text of 300 bytes": ("ü" * 150, ("string", "ü" * 150)),
    "text with half a pair": ("\ud800x", ("string", "?x")),
    "true": (True, ("bool", True)),
    "false": (False, ("bool", False)),
    "zero": (0, ("int", 0)),
    "one": (1, ("int", 1)),
    "1023": (1023, ("int", 1023)),
    "1024": (1024, ("int", 1024)),
    "negative": (-5, ("int", -5)),
    "greatest": (2**63 - 1, ("int", 2**63 - 1)),
    "least": (-(2**63), ("int", -(2**63))),
    "too large": (2**63, ("string", str(2**63))),
    "double": (0.1, ("double", 0.1)),
    "infinite": (float("inf"), ("double", float("inf"))),
    "negative zero": (-0.0, ("double", -0.0)),
    "bytes": (b"\x00\xff", ("bytes", b"\x00\xff")),
    "texts": (["", "ü"], ("array", [("string", ""), ("string", "ü")])),
    "numbers": ((1, 2), ("array", [("int", 1), ("int", 2)])),
    "empty": ([], ("array", [])),
    "map": ({"a": {"b": [1.5]}}, ("kvlist", {"a": ("kvlist", {"b": ("array", [("double", 1.5)])})})),
}  # fmt: skip


def bits(value):
    """The value with each double as its bits, so that both zeros compare."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, (tuple, list)):
        return [bits(item) for item in value]
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    return value


def test_attributes_of_every_type_keep_type_and_value(provider, tmp_path):
    told = {key: value for key, (value, _) in VALUES.items()}
    with provider.get_tracer("t").start_as_current_span("s", attributes=told) as span:
        span.add_event("e", told, timestamp=7)
        span.add_link(REMOTE, told)
    provider.shutdown()
    [found] = stores.read_spans(tmp_path / "store")
    expected = {key: expected for key, (_, expected) in VALUES.items()}
    assert bits(without_scope(found)) == bits(expected)
    assert bits(attributes(found.events[0].attributes)) == bits(expected)
    assert bits(attributes(found.links[0].attributes)) == bits(expected)
    assert (found.events[0].name, found.events[0].time_unix_nano) == ("e", 7)


def test_more_keys_and_values_than_encodings_are_kept(provider, tmp_path):
    expected = []
    for number in range(1_500):
        values = {f"key {number}": number, "text": "ü" * (number % 200), "path": f"/{number}",
                  "ratio": number / 7, "even": number % 2 == 0, "count": number - 700}  # fmt: skip
        provider.get_tracer("t").start_span(f"name {number}", attributes=values).end()
        expected.append(values)
    provider.shutdown()
    found = [{key: value for key, (_, value) in without_scope(span).items()}
             for span in stores.read_spans(tmp_path / "store")]  # fmt: skip
    assert found == expected


def test_ids_parents_kinds_flags_and_times_are_those_of_the_sdk(provider, tmp_path):
    tracer = provider.get_tracer("t", "1.2")
    told = []
    for kind in SpanKind:
        span = tracer.start_span(kind.name, in_context(REMOTE), kind, start_time=10 + kind.value)
        child = tracer.start_span("child", trace.set_span_in_context(span), start_time=5)
        child.end(2**63 - 1)
        span.end(100 + kind.value)
        told += [child, span]
    provider.shutdown()
    found = stores.read_spans(tmp_path / "store")
    for span, expected in zip(found, told, strict=True):
        assert span.trace_id.hex() == f"{expected.context.trace_id:032x}"
        assert span.span_id.hex() == f"{expected.context.span_id:016x}"
        assert span.parent_span_id.hex() == f"{expected.parent.span_id:016x}"
        assert span.kind == expected.kind.value + 1
        assert span.start_time_unix_nano == expected.start_time
        assert span.end_time_unix_nano == expected.end_time
        assert span.trace_state == "x=1,y=2"
        assert span.flags == (0x303 if expected.parent.is_remote else 0x103)
        assert attributes(span.attributes)["otel.scope.name"] == ("string", "t")
        assert attributes(span.attributes)["otel.scope.version"] == ("string", "1.2")


@pytest.mark.parametrize("name", ["", "Grüße, 世界", "a\0b", "n" * 100_000])
def test_names_of_any_length_and_script_are_kept(provider, tmp_path, name):
    span = provider.get_tracer("t").start_span("before")
    span.update_name(name)
    span.add_event(name)
    span.end()
    provider.shutdown()
    [found] = stores.read_spans(tmp_path / "store")
    assert (found.name, found.events[0].name) == (name, name)


@pytest.mark.parametrize(
    "code, message", [(None, ""), (StatusCode.OK, ""), (StatusCode.ERROR, "größer als 世界")]
)
def test_statuses_are_kept(provider, tmp_path, code, message):
    span = provider.get_tracer("t").start_span("s")
    if code:
        span.set_status(code, message or None)
    span.end()
    provider.shutdown()
    [found] = stores.read_spans(tmp_path / "store")
    assert found.status.code == (code.value if code else 0)
    assert found.status.message == message


def test_times_that_are_no_whole_numbers_cost_no_span(provider, tmp_path):
    span = provider.get_tracer("t").start_span("s", start_time=1.5e18)
    span.add_event("e", timestamp=1.5e18)
    span.end(float("inf"))
    provider.get_tracer("t").start_span("t", start_time=-5).end(2**70)
    provider.shutdown()
    first, second = stores.read_spans(tmp_path / "store")
    assert (first.start_time_unix_nano, first.end_time_unix_nano) == (15 * 10**17, 0)
    assert first.events[0].time_unix_nano == 15 * 10**17
    assert (second.start_time_unix_nano, second.end_time_unix_nano) == (0, 2**64 - 1)
    assert provider.processor.dropped_span_count == 0


def test_exceptions_and_what_limits_drop_are_told(tmp_path):
    limits = SpanLimits(max_span_attributes=1, max_events=1, max_links=1, max_event_attributes=1)
    provider = TracerProvider(span_limits=limits)
    provider.add_span_processor(SpanLogProcessor(tmp_path))
    with pytest.raises(ValueError, match="no"):
        with provider.get_tracer("t").start_as_current_span("s", links=[Link(REMOTE)] * 3) as span:
            span.set_attributes({"a": 1, "b": 2, "c": 3})
            span.add_event("first", {"x": 1, "y": 2})
            raise ValueError("no")
    provider.shutdown()
    [found] = stores.read_spans(tmp_path)
    assert [found.dropped_attributes_count, found.dropped_events_count] == [2, 1]
    assert found.dropped_links_count == 2
    assert [event.name for event in found.events] == ["exception"]
    assert found.events[0].dropped_attributes_count == 3
    assert (found.status.code, found.status.message) == (2, "ValueError: no")


def test_blocks_are_what_their_headers_say(provider, tmp_path):
    tracer = provider.get_tracer("t")
    for block in range(20):
        for number in range(50 * block + 1):
            tracer.start_span(f"{block}.{number}", start_time=10**18 + block).end(10**18 + number)
        provider.force_flush()
    provider.shutdown()
    blocks = stores.read_store(tmp_path / "store")
    assert [block.sequence for block in blocks] == list(range(len(blocks)))
    assert sum(block.span_count for block in blocks) == 9520
    assert {block.codec for block in blocks} == {0, 1}
    for block in blocks:
        assert (block.byte_count + 16) % 4096 == 0
        assert block.file.name == f"{block.recorder}-0.mdb"
        assert block.checksum == block.actual_checksum
        assert block.version == 1
        assert block.span_count == len(block.spans) > 0
        assert block.earliest == min(s.start_time_unix_nano for s in block.spans)
        assert block.latest == max(s.end_time_unix_nano for s in block.spans)
        assert block.drops == (0, 0, 0, 0)
        found = attributes(block.data.resource_spans[0].resource.attributes)
        assert found["service.name"] == ("string", "Wörter")
        assert found["process.pid"] == ("int", os.getpid())
    store = tmp_path / "store"
    assert (store / "spanlog-store").read_bytes() == b"spanlog-store 1\n"
    assert store.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in store.iterdir()} == {0o600}
    [report] = spanlog_json("info", store)
    assert [recorder["span_count"] for recorder in report["recorders"]] == [9520]


def test_a_store_of_16_mebibyte_values_and_of_thousands_of_parts_is_whole(provider, tmp_path):
    tracer = provider.get_tracer("t")
    for number in range(3):
        tracer.start_span(f"large {number}", attributes={"huge": "ü" * (8 << 20)}).end()
    with tracer.start_as_current_span("many") as span:
        for number in range(5_000):
            span.set_attribute(f"key {number}", number)
            span.add_event(f"event {number}")
    provider.shutdown()
    found = {span.name: span for span in stores.read_spans(tmp_path / "store")}
    for number in range(3):
        assert without_scope(found[f"large {number}"]) == {"huge": ("string", "ü" * (8 << 20))}
    assert without_scope(found["many"]) == {f"key {n}": ("int", n) for n in range(5_000)}
    assert len(found["many"].events) == 5_000
    assert not list((tmp_path / "store").glob("*.block"))


def test_segments_rotate_and_no_block_is_missing(tmp_path):
    provider = small_provider(tmp_path, segment_bytes_max=1 << 20, flush_interval=0.005,
                              is_compressing=False)  # fmt: skip
    tracer = provider.get_tracer("t")
    for number in range(400):
        tracer.start_span(f"{number}", attributes={"x": "y" * 10_000}).end()
        if number % 5 == 0:
            provider.force_flush()
    provider.shutdown()
    assert len(list(tmp_path.glob("*.mdb"))) > 3
    spanlog("verify", tmp_path)
    assert Counter(s.name for s in stores.read_spans(tmp_path)) == Counter(map(str, range(400)))


def test_a_segment_closes_at_its_age(tmp_path):
    provider = small_provider(tmp_path, segment_age_max=0.0)
    for number in range(3):
        provider.get_tracer("t").start_span(f"{number}").end()
        provider.force_flush()
    provider.shutdown()
    assert len(list(tmp_path.glob("*.mdb"))) == 3
