"""What Python keeps of open spans, what it drops and counts, and what becomes of a disk that
fails."""

import logging

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider, sampling
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.trace import SpanContext, TraceFlags

import stores
from processes import spanlog, spanlog_json
from python_recording import REMOTE, attributes, in_context, small_provider, without_scope
from spanlog import SpanLogExporter, SpanLogProcessor


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


class Unprintable:
    def __str__(self):
        raise RuntimeError


def test_what_cannot_be_encoded_costs_itself_alone(tmp_path, caplog):
    endless = []
    endless.append(endless)
    values = {"unprintable": Unprintable(), "endless": endless, "huge": 10**5_000, 7: "a", "good": 1}
    context = SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(1))
    span = ReadableSpan(5, context=context, attributes=values, start_time=1, end_time=2)
    exporter = SpanLogExporter(tmp_path)
    assert exporter.export([span]) is SpanExportResult.SUCCESS
    # One that is no span at all is counted and told, and those behind it are recorded.
    assert exporter.export([object(), span]) is SpanExportResult.FAILURE
    exporter.shutdown()
    found = stores.read_spans(tmp_path)
    assert [span.name for span in found] == ["5", "5"]
    for kind in ("Unprintable", "list", "int"):
        text = f"<{kind} that cannot be recorded>"
        assert text in [value for _, value in without_scope(found[0]).values()]
    assert without_scope(found[0])["good"] == ("int", 1)
    assert without_scope(found[0])["7"] == ("string", "a")
    assert stores.read_store(tmp_path)[-1].drops == (0, 1, 0, 0)
    assert [r.getMessage() for r in caplog.records] == ["A span could not be recorded."]


def test_a_number_beyond_all_bounds_costs_no_span(tmp_path):
    provider = small_provider(tmp_path)
    provider.get_tracer("t").start_span("s", attributes={"huge": 10**5_000, "large": 2**70}).end()
    provider.shutdown()
    [found] = stores.read_spans(tmp_path)
    assert without_scope(found)["large"] == ("string", str(2**70))


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
