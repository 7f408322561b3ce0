"""Archives in Python, written by hand: what a merge seldom or never writes included."""

import itertools

import archive_files
import archives
import pytest
from archive_files import OPEN, block, changed, in_order, part, span, write_archive
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from wire import field_bytes

from spanlog import SpanLogError, read_spans
from spanlog.reading import archived_blocks, archived_traces
from spanlog.reading.archives import read_archive

SECOND = 10**9


def attribute(key, text):
    return KeyValue(key=key, value=AnyValue(string_value=text))


def read(path):
    """The trace and span ids of an archive's spans, and their names, in the order that they come in."""
    spans = [(s.context.trace_id, s.context.span_id, s.name) for s in read_archive(path)]
    # Read without any code of SpanLog's there are the same.
    found = archives.read_archive(path).traces
    expected = [
        (int.from_bytes(trace_id, "big"), int.from_bytes(s.span_id, "big"), s.name)
        for trace_id, spans in found.items() for s, *_ in spans
    ]  # fmt: skip
    assert sorted(spans) == sorted(expected)
    return spans


@pytest.fixture
def joined_span(tmp_path):
    """Joins the records of one span, and returns it as both readers have it."""
    numbers = itertools.count()

    def join(*records, **change):
        # The last one counts most.
        blocks = [block(sequence, record) for sequence, record in enumerate(records)]
        places = [(number, 0) for number in reversed(range(len(records)))]
        parts = [part(changed=[changed(*places, **change)])]
        path = write_archive(tmp_path / f"{next(numbers)}", blocks, {1: parts})
        [[[expected, *_]]] = archives.read_archive(path).traces.values()
        [found] = read_spans(path, times="raw")
        assert found.start_time == expected.start_time_unix_nano
        assert (found.end_time or 0) == expected.end_time_unix_nano
        assert found.context.span_id == int.from_bytes(expected.span_id, "big")
        parent = found.parent.span_id if found.parent else 0
        assert parent == int.from_bytes(expected.parent_span_id, "big")
        texts = {item.key: item.value.string_value for item in expected.attributes}
        assert dict(found.attributes) == texts and len(texts) == len(expected.attributes)
        assert [event.name for event in found.events] == [event.name for event in expected.events]
        return found

    return join


def test_traces_come_by_their_start_whatever_chunks_they_are_in(tmp_path):
    count = 50
    ids = in_order(range(1, 6))
    blocks = [block(n, *(span(id, n + 1, name=f"{id}") for id in ids)) for n in range(count)]
    traces = {n + 1: [part(*((n, i) for i in range(5)))] for n in range(count)}
    starts = {trace: 1000 - trace for trace in traces}
    path = write_archive(tmp_path / "archive", blocks, traces, starts=starts, compressed=True)
    found = read(path)
    assert [trace for trace, *_ in found] == [n for n in range(count, 0, -1) for _ in range(5)]
    assert len(set(found)) == 5 * count
    [first, *_] = read_archive(path)
    assert first.resource.attributes["service.name"] == "service"
    assert first.instrumentation_scope.name == "scope"


def test_the_parts_of_a_trace_may_be_in_many_chunks_and_its_first_ones_empty(tmp_path):
    blocks = [block(0, *map(span, in_order(range(1, 41)))), block(1, span(1, 2), span(1, 3))]
    parts = [part(*((0, 4 * n + i) for i in range(4)), number=n + 3) for n in range(10)]
    for entries_per_chunk in (1, 2, 3, 100):
        path = tmp_path / str(entries_per_chunk)
        traces = {1: parts, 2: [part((1, 0))], 3: [part((1, 1))]}
        write_archive(path, blocks, traces, entries_per_chunk=entries_per_chunk)
        found = read(path)
        assert sorted(found[:40]) == [(1, number, "work") for number in range(1, 41)]
        assert found[40:] == [(2, 1, "work"), (3, 1, "work")]


def test_each_block_of_a_large_trace_is_taken_apart_once(tmp_path, monkeypatch):
    loads = []
    take_apart = archived_blocks.block_of
    monkeypatch.setattr(archived_blocks, "block_of", lambda v: loads.append(1) or take_apart(v))
    monkeypatch.setattr(archived_blocks, "_BYTE_COUNT_MAX", 1)
    order = in_order(range(1, 201))
    blocks = [block(n, *map(span, order[n::20])) for n in range(20)]
    parts = [part(*((i % 20, i // 20) for i in range(50 * n, 50 * n + 50)), number=n) for n in range(4)]
    # A span whose records are in the first and in the last block.
    blocks += [block(20, span(201)), block(21, span(201, name="joined"))]
    parts.append(part(changed=[changed((21, 0), (20, 0))], number=4))
    path = write_archive(tmp_path / "archive", blocks, {1: parts})
    found = sorted(s.context.span_id for s in read_archive(path))
    assert found == list(range(1, 202)) and len(loads) == 22


def test_blocks_that_were_used_last_stay_in_memory(tmp_path, monkeypatch):
    loads = []
    take_apart = archived_blocks.block_of
    monkeypatch.setattr(archived_blocks, "block_of", lambda v: loads.append(1) or take_apart(v))
    blocks = [block(n, *(span(1, trace + 1) for trace in range(100))) for n in range(3)]
    traces = {trace + 1: [part((trace % 3, trace))] for trace in range(100)}
    path = write_archive(tmp_path / "archive", blocks, traces)
    assert len(list(read_archive(path))) == 100 and len(loads) == 3
    monkeypatch.setattr(archived_blocks, "_BYTE_COUNT_MAX", 1)
    assert len(list(read_archive(path))) == 100 and len(loads) == 103


def test_chunks_that_were_used_last_stay_in_memory(tmp_path, monkeypatch):
    loads = []
    take_apart = archived_traces.payload_of
    monkeypatch.setattr(archived_traces, "payload_of", lambda v: loads.append(1) or take_apart(v))
    blocks = [block(0, *(span(1, trace + 1) for trace in range(100)))]
    traces = {trace + 1: [part((0, trace))] for trace in range(100)}
    path = write_archive(tmp_path / "archive", blocks, traces, entries_per_chunk=25)
    assert len(list(read_archive(path))) == 100 and len(loads) == 4 + 4


def test_times_parent_and_status_of_several_records(joined_span):
    found = joined_span(
        span(1, start_time_unix_nano=5, end_time_unix_nano=30, parent_span_id=b"p" * 8),
        span(1, name="later", status=Status(code=2, message="failed"), parent_span_id=b"q" * 8),
        span(1, name="last", parent_span_id=bytes(8), status=Status(message="unset")),
    )
    assert found.name == "last" and (found.start_time, found.end_time) == (5, 30)
    assert found.parent.span_id == int.from_bytes(b"q" * 8, "big")
    assert found.status.status_code.name == "ERROR" and found.status.description == "failed"
    failed = span(1, status=Status(code=2))
    assert joined_span(span(1, status=Status(code=1)), failed).status.status_code.name == "OK"


def test_attributes_events_and_links_of_several_records(joined_span):
    early = span(1, attributes=[attribute("a", "1"), attribute("same", "s")])
    middle = span(1, attributes=[attribute("a", "2"), attribute("same", "s"), attribute("b", "b")])
    last = span(1, attributes=[attribute("a", "3"), attribute("a", "3")])
    for record in (early, middle):
        record.events.add(name="e", time_unix_nano=7)
        record.links.add(trace_id=b"t" * 16, span_id=b"s" * 8)
    last.events.add(name="e", time_unix_nano=8)
    found = joined_span(early, middle, last)
    assert dict(found.attributes) == {
        "a": "3", "conflict.a": "2", "conflict.a.2": "1", "same": "s", "b": "b"
    }  # fmt: skip
    assert [event.timestamp for event in found.events] == [8, 7] and len(found.links) == 1


def test_a_sign_of_life_goes_once_the_end_is_known(tmp_path, joined_span):
    seen = [attribute("spanlog.last_seen_unix_nano", "7"), attribute("k", "v")]
    opened = span(1, end_time_unix_nano=0, attributes=seen)
    assert dict(joined_span(opened, span(1, name="ended")).attributes) == {"k": "v"}
    still = joined_span(opened, span(1, name="open", end_time_unix_nano=0))
    assert "spanlog.last_seen_unix_nano" in still.attributes and still.end_time is None


def test_what_the_merge_changed_is_changed(tmp_path, joined_span):
    said = span(1, parent_span_id=b"p" * 8, attributes=[attribute("k", "v")])
    found = joined_span(said, span_id=7, parent=9, attributes=[attribute("was", "1")])
    assert found.context.span_id == 7 and found.parent.span_id == 9
    assert dict(found.attributes) == {"k": "v", "was": "1"}
    assert joined_span(said, parent=0).parent is None
    assert joined_span(said, said, parent=0).parent is None
    # The trace's id is that of all its spans, whatever their records say.
    short = span(1)
    short.trace_id = b"\2".rjust(8, b"\0")
    trace, twins = (5 << 64) + 2, [(0, 0), (1, 0)]
    blocks, traces = [block(0, short), block(1, short)], {trace: [part((0, 0), twins=twins)]}
    path = write_archive(tmp_path / "short", blocks, traces, starts={trace: 10})
    assert read(path) == [(trace, 1, "work")]


def zigzag(number):
    return 2 * number if number >= 0 else -2 * number - 1


def test_the_last_block_of_several_records_tells_which_step_of_the_clock_a_span_is_after(tmp_path):
    # Set back by 100 s, 1000 s after boot: the 950th second passes twice by the wall clock.
    pieces = [(0, 1000, 10_000, 0), (1000, 2000, 9_900, 100)]
    correction = field_bytes(1, b"boot:" + archive_files.BOOT.hex().encode())
    for piece in pieces:
        numbers = [zigzag(number * SECOND) for number in piece]
        content = b"".join(field_bytes(i + 1, number) for i, number in enumerate(numbers))
        correction += field_bytes(6, content)
    wall = {"start_time_unix_nano": 10_950 * SECOND, "end_time_unix_nano": 10_951 * SECOND}
    opened = {**wall, "end_time_unix_nano": 0}
    blocks = [
        block(0, span(1, **wall), span(2, **wall), span(3, **wall)), block(1, span(4, **wall)),
        block(2, span(2, **wall, name="again")), block(OPEN, span(3, **opened), span(5, **opened)),
    ]  # fmt: skip
    recorded = {1: (0, 0), 4: (1, 0), 5: (3, 1)}
    joined = {2: changed((2, 0), (0, 1)), 3: changed((0, 2), (3, 0))}
    parts = [part(*map(recorded.get, in_order(recorded)), changed=map(joined.get, in_order(joined)))]
    sealed = archive_files.seals(archive_files.RECORDER, *(t * SECOND for t in (952, 953, 1052)))
    path = write_archive(
        tmp_path / "archive", blocks, {1: parts}, clocks=field_bytes(3, correction), seals=[sealed]
    )
    read(path)
    moved = {s.context.span_id: s.clock.offset // SECOND for s in read_archive(path)}
    # Of a span that was open, no block tells: the later time is taken.
    assert moved == {1: 0, 2: 100, 3: 0, 4: 0, 5: 100}
    assert all(s.clock is None for s in read_archive(path, times="raw"))


def flipped(value):
    return value[:200] + bytes([value[200] ^ 1]) + value[201:]


def lying(value):
    """A compressed block that says it holds more than it can."""
    header = bytearray(value)
    header[80:88] = (1 << 40).to_bytes(8, "little")
    end = 192 + int.from_bytes(header[72:80], "little")
    return archive_files.sealed(bytes(header[:end]))


@pytest.mark.parametrize(
    ("blocks", "parts"),
    [
        ([flipped(block(0, span(1)))], [part((0, 0))]),
        ([lying(block(0, span(1), compressed=True))], [part((0, 0))]),
        ([block(0, span(1))[:100]], [part((0, 0))]),
        ([block(0, span(1))], [part((1, 0))]),
        ([block(0, span(1))], [part((0, 1))]),
        ([block(0, span(1))], [part((0,))]),
        ([block(0, span(1))], [part(changed=[changed((0, 0), (0, 7))])]),
        ([block(0, span(1))], [part(changed=[changed()])]),
        ([block(0, span(1))], []),
        ([block(0, payload=b"\xff\xff")], [part((0, 0))]),
    ],
    ids=["checksum", "lengths", "cut off", "no block", "no record", "half a record",
         "no record of several", "of nothing", "no trace", "no message"],
)  # fmt: skip
def test_what_is_not_what_was_written_is_an_error(tmp_path, blocks, parts):
    path = write_archive(tmp_path / "archive", blocks, {1: parts})
    with pytest.raises(SpanLogError, match="is damaged") as error:
        list(read_spans(path))
    assert error.value.code == SpanLogError.DAMAGED


def test_records_in_front_of_what_is_no_message_are_read(tmp_path):
    # A length that ends behind the block, in the second resource's spans.
    payload = archive_files.data(span(1), span(2)).SerializeToString() + b"\x0a\x7f"
    path = write_archive(tmp_path / "archive", [block(0, payload=payload)], {1: [part((0, 1))]})
    assert read(path) == [(1, 2, "work")]


def test_a_resource_that_no_trace_needs_may_be_broken(tmp_path):
    broken = field_bytes(1, field_bytes(1, b"\xff") + field_bytes(2, field_bytes(2, b"")))
    payload = archive_files.data(span(1)).SerializeToString()
    path = tmp_path / "archive"
    write_archive(path, [block(0, payload=broken + payload)], {1: [part((0, 1))]})
    assert [s.name for s in read_archive(path)] == ["work"]


@pytest.mark.parametrize(
    ("version", "code", "words"),
    [
        (b"spanlog-archive 2", SpanLogError.OLDER_FORMAT, "merge the stores again"),
        (b"spanlog-archive 3", SpanLogError.OLDER_FORMAT, "merge the stores again"),
        (b"spanlog-archive 5", SpanLogError.NEWER_FORMAT, "update the package"),
        (b"spanlog-archive 10", SpanLogError.NEWER_FORMAT, "update the package"),
        (b"else", SpanLogError.NEWER_FORMAT, "update the package"),
    ],
)
def test_another_format_is_refused_by_name(tmp_path, version, code, words):
    path = write_archive(tmp_path / "archive", [], {}, version=version)
    with pytest.raises(SpanLogError, match=words) as error:
        list(read_spans(path))
    assert error.value.code == code and version.decode() in str(error.value)
