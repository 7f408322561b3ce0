"""Stores and archives as OpenTelemetry's spans and as a table, in Python."""

import os
import random
import struct

import pytest
import xxhash
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import SpanKind, StatusCode

from processes import Writer, spanlog
from python_processes import python_stream, run
from spanlog import RecorderOptions, SpanLogError, SpanLogProcessor, read_frame, read_spans
from spanlog.reading.spools import blocks_of_spool
from streams import Stream

START = 1_790_000_000_000_000_000


def record(store, count=1, **options):
    """Records a tree, and returns its spans by name as the SDK had them."""
    provider = TracerProvider(resource=Resource.create({"service.name": "recorded"}))
    provider.add_span_processor(SpanLogProcessor(store, options=RecorderOptions(**options)))
    tracer = provider.get_tracer("scope", "1.5")
    spans = {}
    for number in range(count):
        name = f"root {number}"
        with tracer.start_as_current_span(name, kind=SpanKind.SERVER) as root:
            root.set_attributes({"text": "ü", "list": (1, 2), "ratio": 0.5, "yes": True})
            root.add_event("e", {"k": 1})
            with tracer.start_as_current_span(f"child {number}") as child:
                child.add_link(root.context, {"why": "so"})
                child.set_status(StatusCode.ERROR, "failed")
        spans |= {span.name: span for span in (root, child)}
    provider.shutdown()
    return spans


def essence(span: ReadableSpan):
    """Everything that a span says, in a form that compares."""
    return (
        span.name, span.context.trace_id, span.context.span_id, span.context.trace_flags,
        span.parent and (span.parent.span_id, span.parent.is_remote), span.kind, span.start_time,
        span.end_time, span.status.status_code, span.status.description,
        {k: list(v) if isinstance(v, tuple) else v for k, v in span.attributes.items()},
        [(e.name, e.timestamp, dict(e.attributes)) for e in span.events],
        [(l.context.trace_id, l.context.span_id, dict(l.attributes)) for l in span.links],
        span.instrumentation_scope.name, span.instrumentation_scope.version,
        span.resource.attributes["service.name"],
    )  # fmt: skip


def test_spans_come_back_as_they_were(tmp_path):
    told = record(tmp_path / "stores/a", count=3)
    expected = {name: essence(span) for name, span in told.items()}
    found = {span.name: essence(span) for span in read_spans(tmp_path / "stores")}
    assert found == expected
    spanlog("merge", tmp_path / "stores", "-o", tmp_path / "archive")
    assert {span.name: essence(span) for span in read_spans(tmp_path / "archive")} == expected


def test_a_swift_services_store_is_read_in_the_same_way(tmp_path):
    with Writer(tmp_path / "store") as writer:
        writer.record(
            {"name": "parent", "start": START, "end": START + 10, "key": "p", "kind": "server"},
            {"name": "child", "start": START + 1, "end": START + 5, "parent": "p",
             "attributes": {"text": {"string": ["ü"]}}},
        )  # fmt: skip
        writer.record({"name": "open", "start": START})
        living = {span.name: span for span in read_spans(tmp_path / "store")}
        writer.kill()
        dead = {span.name: span for span in read_spans(tmp_path / "store")}
    for found in (living, dead):
        assert set(found) == {"parent", "child", "open"}
        assert found["child"].parent.span_id == found["parent"].context.span_id
        assert dict(found["child"].attributes) == {"text": "ü"}
        assert found["parent"].kind is SpanKind.SERVER
        assert found["open"].end_time is None


@pytest.mark.parametrize("stream", [Stream, python_stream], ids=["Swift", "Python"])
def test_of_a_killed_process_every_span_is_read_once(tmp_path, stream):
    settings = {"blockBytesMax": 1 << 16, "flushIntervalMilliseconds": 5}
    with stream(tmp_path, "s", settings=settings, attributeBytes=300) as process:
        process.wait_for(lambda lines: len(lines) > 2_000)
        said = process.kill()
    spans = list(read_spans(tmp_path))
    ended = [span.name for span in spans if span.end_time]
    unfinished = [span.name for span in spans if not span.end_time]
    assert len(set(ended)) == len(ended) and not set(ended) & set(unfinished)
    assert set(said.ended) <= set(ended)
    assert set(said.opened) <= set(unfinished)
    assert len(spans) <= len(said.lines) + 1


def test_a_compacted_store_is_read_with_its_unfinished_spans(tmp_path):
    with python_stream(tmp_path, "s", rate=2_000) as process:
        process.wait_for(lambda lines: len(lines) > 300)
        said = process.kill()
    before = sorted(span.name for span in read_spans(tmp_path))
    spanlog("compact", tmp_path)
    assert not list(tmp_path.glob("*.spool"))
    spans = list(read_spans(tmp_path))
    assert sorted(span.name for span in spans) == before
    assert set(said.opened) <= {span.name for span in spans if span.end_time is None}


def test_damaged_files_never_crash_a_reader_nor_make_spans_up(tmp_path):
    told = record(tmp_path / "store", count=200, block_bytes_max=1 << 16, flush_interval=0.002)
    expected = {essence_of_identity(span) for span in told.values()}
    [segment] = (tmp_path / "store").glob("*.mdb")
    whole = segment.read_bytes()
    generator = random.Random(7)
    for _ in range(100):
        damaged = bytearray(whole)
        for _ in range(generator.randrange(1, 6)):
            place = generator.randrange(len(damaged))
            if generator.random() < 0.3:
                del damaged[place:]
            else:
                damaged[place : place + 64] = generator.randbytes(min(64, len(damaged) - place))
        segment.write_bytes(damaged)
        found = [essence_of_identity(span) for span in read_spans(tmp_path / "store")]
        assert len(set(found)) == len(found) and set(found) <= expected


def essence_of_identity(span):
    return span.name, span.context.trace_id, span.context.span_id, span.start_time, span.end_time


@pytest.mark.parametrize(
    "numbers",
    [(1 << 17, 64, 0), (1, (1 << 30) + 8, 0), (1, 4096, (1 << 20) + 1), (1, 63, 0), (1, 4096, 1 << 31)],
    ids=["chunks", "bytes of a chunk", "slots", "a chunk without a place", "more slots than the file"],
)  # fmt: skip
def test_a_spool_beyond_the_limits_is_read_as_none(tmp_path, numbers):
    chunks, chunk_bytes, slots = numbers
    header = bytearray(4096)
    struct.pack_into("<8sQHHI8x16s16s6I", header, 0, b"SPLGSPL1", 0, 1, 0, 4096, bytes(16), bytes(16),
                     chunks, chunk_bytes, slots, 512, 0, 0)  # fmt: skip
    struct.pack_into("<Q", header, 8, xxhash.xxh3_64_intdigest(header[16:128]))
    struct.pack_into("<Q", header, 160, 1)  # a loss, which a header within the limits tells
    spool = tmp_path / f"{'ab' * 16}.spool"
    spool.write_bytes(header)
    os.truncate(spool, min(8192 + 512 * slots + chunks * chunk_bytes, 1 << 32))
    assert list(blocks_of_spool(str(spool))) == []
    struct.pack_into("<III", header, 64, 1, 4096, 1)
    struct.pack_into("<Q", header, 8, xxhash.xxh3_64_intdigest(header[16:128]))
    spool.write_bytes(header)
    os.truncate(spool, 4096 * 3)
    assert [block.drops[0] for block in blocks_of_spool(str(spool))] == [1]


def test_a_frame_has_a_row_for_each_span(tmp_path):
    told = record(tmp_path, count=2)
    frame = read_frame(tmp_path)
    assert len(frame) == 4
    row = frame.set_index("name").loc["child 1"]
    span = told["child 1"]
    assert row["trace_id"] == f"{span.context.trace_id:032x}"
    assert row["parent_span_id"] == f"{told['root 1'].context.span_id:016x}"
    assert (row["service"], row["status"], row["message"]) == ("recorded", "ERROR", "failed")
    assert row["start"].value == span.start_time and row["end"].value == span.end_time
    assert row["duration"].value == span.end_time - span.start_time
    assert frame.set_index("name").loc["root 0"]["attributes"]["text"] == "ü"
    slow = frame[frame["duration"] > frame["duration"].min()]
    assert 0 < len(slow) < 4


def test_a_frame_of_a_process_that_died_has_spans_without_an_end(tmp_path):
    run(
        """
import os, sys
from opentelemetry.sdk.trace import TracerProvider
from spanlog import SpanLogProcessor
provider = TracerProvider()
provider.add_span_processor(SpanLogProcessor(sys.argv[1]))
span = provider.get_tracer("t").start_span("open")
provider.get_tracer("t").start_span("ended").end()
os.kill(os.getpid(), 9)
""",
        tmp_path,
        check=False,
    )
    frame = read_frame(tmp_path).set_index("name")
    assert frame["end"].isna().to_dict() == {"ended": False, "open": True}
    assert frame["duration"].isna()["open"]


def test_the_times_of_a_frame_are_exact_beside_spans_without_one(tmp_path):
    provider = TracerProvider()
    provider.add_span_processor(SpanLogProcessor(tmp_path))
    tracer = provider.get_tracer("t")
    tracer.start_span("ended", start_time=START + 1).end(START + 3)
    tracer.start_span("far", start_time=2**63).end(2**64 - 1)
    tracer.start_span("open", start_time=START + 7)
    provider.shutdown()
    frame = read_frame(tmp_path).set_index("name")
    assert frame.loc["ended", "start"].value == START + 1
    assert frame.loc["ended", "end"].value == START + 3
    assert frame.loc["ended", "duration"].value == 2
    assert frame.loc["open", "start"].value == START + 7
    assert frame["end"].isna().to_dict() == {"ended": False, "far": True, "open": True}
    assert len(read_frame([])) == 0


def test_what_is_no_store_is_named(tmp_path):
    with pytest.raises(SpanLogError, match="holds no store"):
        list(read_spans(tmp_path))
    (tmp_path / "file").write_bytes(os.urandom(100))
    with pytest.raises(SpanLogError, match="is no archive"):
        list(read_spans(tmp_path / "file"))
    (tmp_path / "spanlog-store").write_text("spanlog-store 9\n")
    with pytest.raises(SpanLogError, match="format 9"):
        list(read_spans(tmp_path))
