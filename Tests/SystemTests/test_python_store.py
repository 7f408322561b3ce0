"""What Python records is what every reader of stores finds."""

import gc
import logging
import os
import signal
import struct
import threading
from collections import Counter

import pytest
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider, sampling
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags
from opentelemetry.trace.span import TraceState

import stores
from processes import spanlog, spanlog_json
from python_processes import run
from spanlog import (
    Recorder,
    RecorderOptions,
    SpanLogError,
    SpanLogExporter,
    SpanLogProcessor,
)

REMOTE = SpanContext(
    int("ab" * 16, 16), int("cd" * 8, 16), is_remote=True, trace_flags=TraceFlags(3),
    trace_state=TraceState([("x", "1"), ("y", "2")]),
)  # fmt: skip
SMALL = {"spool_bytes_max": 1 << 18, "block_bytes_max": 1 << 16, "open_spans_max": 4}
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


def plain(value):
    """An OTLP AnyValue as (type, value)."""
    kind = value.WhichOneof("value")
    content = getattr(value, kind)
    if kind == "array_value":
        content = [plain(item) for item in content.values]
    elif kind == "kvlist_value":
        content = attributes(content.values)
    return kind.removesuffix("_value"), content


def attributes(items):
    return {item.key: plain(item.value) for item in items}


def without_scope(span):
    return {k: v for k, v in attributes(span.attributes).items() if not k.startswith("otel.scope.")}


def bits(value):
    """The value with each double as its bits, so that both zeros compare."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, (tuple, list)):
        return [bits(item) for item in value]
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    return value


@pytest.fixture
def provider(tmp_path):
    """A provider that records into `tmp_path / "store"`."""
    with_limits = SpanLimits(max_span_attributes=10_000, max_events=10_000, max_links=10_000)
    resource = Resource.create({"service.name": "Wörter"})
    provider = TracerProvider(resource=resource, span_limits=with_limits)
    provider.processor = SpanLogProcessor(tmp_path / "store")
    provider.add_span_processor(provider.processor)
    yield provider
    provider.shutdown()


def small_provider(store, **options):
    provider = TracerProvider()
    provider.processor = SpanLogProcessor(store, options=RecorderOptions(**{**SMALL, **options}))
    provider.add_span_processor(provider.processor)
    return provider


def in_context(span_context):
    return trace.set_span_in_context(NonRecordingSpan(span_context))


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


# Spans that are open


def test_open_spans_are_there_as_they_were_a_moment_ago(provider, tmp_path):
    span = provider.get_tracer("t").start_span("open", in_context(REMOTE))
    span.set_attribute("late", "yes")
    span.set_attribute("too long to keep", "x" * 1_000)
    span.update_name("renamed")
    # The second flush begins when the first one's round is over, whose refresh was before that.
    provider.force_flush()
    provider.force_flush()
    report = spanlog_json("merge", tmp_path / "store", "-o", tmp_path / "archive")
    assert report["traces"]["unfinished"] == 1
    [found] = spanlog_json("show", tmp_path / "archive", "ab" * 16)["spans"]
    assert (found["name"], found["end_time_unix_nano"]) == ("renamed", 0)
    assert found["attributes"]["late"] == "yes"
    assert found["attributes"]["spanlog.last_seen_unix_nano"] > span.start_time


def test_open_spans_are_unfinished_when_the_recorder_shuts_down(provider, tmp_path):
    tracer = provider.get_tracer("t")
    open_spans = [tracer.start_span(f"{number}", start_time=100 + number) for number in range(3)]
    provider.shutdown()
    blocks = stores.read_store(tmp_path / "store")
    found = [span for block in blocks for span in block.spans]
    assert [(s.name, s.end_time_unix_nano) for s in found] == [("0", 0), ("1", 0), ("2", 0)]
    assert (blocks[-1].earliest, blocks[-1].latest) == (100, 102)
    assert not list((tmp_path / "store").glob("*.spool"))
    for span in open_spans:
        span.end()
    assert provider.processor.dropped_span_count == 3


def test_more_open_spans_than_the_table_holds_are_recorded_when_they_end(tmp_path):
    provider = small_provider(tmp_path, open_spans_max=2)
    tracer = provider.get_tracer("t")
    spans = [tracer.start_span(f"{number}") for number in range(5)]
    for span in spans:
        span.end()
    provider.shutdown()
    assert sorted(s.name for s in stores.read_spans(tmp_path)) == list("01234")
    assert provider.processor.dropped_span_count == 0


# Bounds


def test_spans_that_nobody_ends_fill_no_memory(tmp_path):
    provider = small_provider(tmp_path, open_spans_max=4)
    tracer = provider.get_tracer("t")
    for number in range(100):
        tracer.start_span(f"{number}")
    assert len(provider.processor._open) == 4
    assert provider.processor._current[1].drops[4] == 96
    provider.shutdown()
    assert sorted(s.name for s in stores.read_spans(tmp_path)) == list("0123")


def test_what_finds_no_room_is_dropped_and_counted(tmp_path):
    provider = small_provider(tmp_path, flush_interval=3600.0, span_bytes_max=100_000)
    tracer = provider.get_tracer("t")
    tracer.start_span("first").end()
    spool = provider.processor._current[1]
    spool.on_full = lambda: None  # As if the thread came to nothing.
    for number in range(100):
        tracer.start_span(f"{number}", attributes={"x": "y" * 10_000}).end()
    tracer.start_span("too large", attributes={"x": "y" * 200_000}).end()
    lost = provider.processor.dropped_span_count
    assert 70 < lost < 90
    provider.shutdown()
    blocks = stores.read_store(tmp_path)
    assert sum(block.span_count for block in blocks) == 102 - lost
    assert blocks[-1].drops == (lost - 1, 0, 1, 0)
    [report] = spanlog_json("info", tmp_path)
    assert sum(report["recorders"][0]["drops"].values()) == lost


def test_a_disk_that_fails_is_told_once_and_tried_again(tmp_path, caplog):
    caplog.set_level(logging.WARNING, logger="spanlog")
    provider = small_provider(tmp_path, flush_interval=0.01)
    tracer = provider.get_tracer("t")
    tracer.start_span("before").end()
    assert provider.force_flush()
    spool = provider.processor._current[1]
    # A directory in the way of the next segment, and no room in the present one.
    writer = provider.processor._recorders[0][1]._life.writer
    appender = writer._appender
    appender.close()
    obstacle = tmp_path / f"{appender._name}-1.mdb"
    obstacle.mkdir()
    tracer.start_span("kept").end()
    assert not provider.force_flush(5_000)
    assert not provider.force_flush(5_000)
    obstacle.rmdir()
    assert provider.force_flush()
    assert spool.drops == (0,) * 6
    assert [r.levelname for r in caplog.records if r.name == "spanlog"] == ["ERROR", "WARNING"]
    provider.shutdown()
    assert sorted(s.name for s in stores.read_spans(tmp_path)) == ["before", "kept"]
    spanlog("verify", tmp_path)


def test_unsampled_spans_are_not_recorded(tmp_path):
    provider = TracerProvider(sampler=sampling.ALWAYS_OFF)
    provider.add_span_processor(SpanLogProcessor(tmp_path))
    with provider.get_tracer("t").start_as_current_span("s"):
        pass
    provider.shutdown()
    assert not list(tmp_path.glob("*.mdb"))


def test_an_exporter_records_what_it_is_given(tmp_path):
    provider = TracerProvider(resource=Resource.create({"service.name": "exported"}))
    provider.add_span_processor(SimpleSpanProcessor(SpanLogExporter(tmp_path)))
    with provider.get_tracer("t").start_as_current_span("s", attributes={"a": 1}):
        pass
    provider.shutdown()
    [found] = stores.read_spans(tmp_path)
    assert (found.name, without_scope(found)) == ("s", {"a": ("int", 1)})


def test_providers_with_other_resources_get_recorders_of_their_own(tmp_path):
    processor = SpanLogProcessor(tmp_path)
    for name in ("a", "b", "a"):
        provider = TracerProvider(resource=Resource.create({"service.name": name}))
        provider.add_span_processor(processor)
        provider.get_tracer("t").start_span(f"of {name}").end()
    processor.shutdown()
    found = {
        (attributes(b.data.resource_spans[0].resource.attributes)["service.name"][1], s.name)
        for b in stores.read_store(tmp_path)
        for s in b.spans
    }
    assert found == {("a", "of a"), ("b", "of b")}


# Threads, signals, forks and the end


def test_many_threads_record_at_once(provider, tmp_path):
    tracer = provider.get_tracer("t")

    def work(thread):
        for number in range(500):
            with tracer.start_as_current_span(f"{thread}.{number}"):
                tracer.start_span(f"{thread}.{number} inner").end()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    provider.shutdown()
    counts = Counter(span.name for span in stores.read_spans(tmp_path / "store"))
    assert len(counts) == 8 * 500 * 2 and set(counts.values()) == {1}


def test_a_signal_handler_may_end_spans_and_flush_while_spans_end(provider, tmp_path):
    tracer = provider.get_tracer("t")
    counts = Counter()

    def handler(*_):
        counts["signal"] += 1
        tracer.start_span("signal").end()
        provider.force_flush(100)
        signal.setitimer(signal.ITIMER_REAL, 0.0007)

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0007)
    try:
        while counts["signal"] < 100:
            tracer.start_span("main").end()
            counts["main"] += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    provider.shutdown()
    assert Counter(span.name for span in stores.read_spans(tmp_path / "store")) == counts
    spanlog("verify", tmp_path / "store")


FORKING = """
import multiprocessing, os, sys, threading
from opentelemetry.sdk.trace import TracerProvider
from spanlog import SpanLogProcessor

provider = TracerProvider()
provider.add_span_processor(SpanLogProcessor(sys.argv[1]))
tracer = provider.get_tracer("t")
kept = tracer.start_span("open in the parent")
tracer.start_span("parent before").end()

def child(number):
    with tracer.start_as_current_span(f"child {number}"):
        pass

stop = threading.Event()
def churn():
    while not stop.is_set():
        tracer.start_span("churn").end()
thread = threading.Thread(target=churn)
thread.start()
context = multiprocessing.get_context("fork")
processes = [context.Process(target=child, args=(n,)) for n in range(4)]
for process in processes: process.start()
for process in processes: process.join()
pid = os.fork()
if pid == 0:
    child("of os.fork")
    sys.exit(0)
os.waitpid(pid, 0)
if os.fork() == 0:
    os._exit(0)
os.wait()
stop.set()
thread.join()
tracer.start_span("parent after").end()
"""


def test_forked_processes_have_recorders_of_their_own(tmp_path):
    run(FORKING, tmp_path)
    spanlog("verify", tmp_path)
    names = {}
    for block in stores.read_store(tmp_path):
        names.setdefault(block.recorder, Counter()).update(s.name for s in block.spans)
    own = [set(spans) - {"churn"} for spans in names.values()]
    parent = {"parent before", "parent after", "open in the parent"}
    assert sorted(map(sorted, own)) == sorted(
        [sorted(parent), *[[f"child {n}"] for n in (0, 1, 2, 3, "of os.fork")]]
    )
    # Every child was at its end, and nobody left a spool.
    assert not list(tmp_path.glob("*.spool"))


def test_a_child_that_lives_does_not_make_its_dead_parent_look_alive(tmp_path):
    program = """
import os, sys, time
from opentelemetry.sdk.trace import TracerProvider
from spanlog import SpanLogProcessor
provider = TracerProvider()
provider.add_span_processor(SpanLogProcessor(sys.argv[1]))
provider.get_tracer("t").start_span("of the parent").end()
if os.fork():
    os.kill(os.getpid(), 9)
os.close(1); os.close(2)
time.sleep(30)
"""
    result = run(program, tmp_path, check=False)
    assert result.returncode == -signal.SIGKILL
    [spool] = tmp_path.glob("*.spool")
    spanlog("compact", tmp_path)
    assert not spool.exists(), "the spool of a dead recorder was taken for that of a living one"
    subject = spanlog_json("info", tmp_path)
    assert sum(r["span_count"] for s in subject for r in s["recorders"]) == 1


def test_everything_is_durable_at_the_end_of_a_program(tmp_path):
    run(
        """
import sys
from opentelemetry.sdk.trace import TracerProvider
from spanlog import SpanLogProcessor
provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(SpanLogProcessor(sys.argv[1]))
for number in range(100):
    provider.get_tracer("t").start_span(str(number)).end()
""",
        tmp_path,
    )
    assert len(stores.read_spans(tmp_path)) == 100
    assert not list(tmp_path.glob("*.spool"))


def test_a_recorder_that_nobody_uses_any_more_ends(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.spool.append(b"\n\x10" + b"1" * 16 + b"\x12\x08" + b"2" * 8, 1, 2)
    before = threading.active_count()
    del recorder
    gc.collect()
    assert threading.active_count() < before
    assert len(stores.read_spans(tmp_path)) == 1
    assert not list(tmp_path.glob("*.spool"))


# What is wrong is named


def test_a_place_that_is_no_store_is_refused_by_name(tmp_path, monkeypatch):
    monkeypatch.delenv("SPANLOG_DIR", raising=False)
    with pytest.raises(SpanLogError, match="SPANLOG_DIR") as caught:
        SpanLogProcessor()
    assert caught.value.code == SpanLogError.NO_STORE
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(SpanLogError, match="not a directory") as caught:
            SpanLogProcessor(path)
        assert caught.value.code == SpanLogError.NOT_A_DIRECTORY
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "spanlog-store").write_text("spanlog-store 2\n")
    with pytest.raises(SpanLogError, match="format 2"):
        SpanLogProcessor(newer)
    (newer / "spanlog-store").write_text("something")
    with pytest.raises(SpanLogError, match="damaged"):
        SpanLogProcessor(newer)


def test_the_environment_names_the_store(tmp_path, monkeypatch):
    monkeypatch.setenv("SPANLOG_DIR", str(tmp_path / "named"))
    provider = TracerProvider()
    provider.add_span_processor(SpanLogProcessor())
    provider.get_tracer("t").start_span("s").end()
    provider.shutdown()
    assert [s.name for s in stores.read_spans(tmp_path / "named")] == ["s"]


def test_a_store_that_cannot_be_made_costs_spans_and_never_raises(tmp_path, caplog):
    provider = TracerProvider()
    processor = SpanLogProcessor(tmp_path / "store")
    provider.add_span_processor(processor)
    (tmp_path / "store/spanlog-store").unlink()
    (tmp_path / "store").rmdir()
    (tmp_path / "store").write_text("in the way")
    for _ in range(3):
        provider.get_tracer("t").start_span("s").end()
    errors = [r.getMessage() for r in caplog.records if r.name == "spanlog"]
    assert len(errors) == 1 and "Spans are lost" in errors[0]
