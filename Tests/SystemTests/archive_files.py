"""Writes stores and archives by the documented format, also such as no recorder and no merge would
write. Shares no code with SpanLog."""

import struct

import lmdb
import xxhash
import zstandard
from archive_spans import scrambled
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData
from wire import field_bytes, packed_bytes

BLOCK = struct.Struct("<8sQHBBIQ16s16sII2Q2Q3Q6Q16s")
CHUNK = struct.Struct("<8sQB3xIQQ")
RECORDER, BOOT = b"r" * 16, b"b" * 16
OPEN = 2**64 - 1


def span(span_id, trace=1, **fields):
    """A span with small numbers for ids."""
    fields = {"name": "work", "start_time_unix_nano": 10, "end_time_unix_nano": 20, **fields}
    return Span(trace_id=trace.to_bytes(16, "big"), span_id=span_id.to_bytes(8, "big"), **fields)


def in_order(ids):
    """The ids of spans in the order in which parts of traces have them."""
    return sorted(ids, key=scrambled)


def data(*spans, service="service", scope="scope"):
    """Spans of one resource and one scope."""
    result = TracesData()
    group = result.resource_spans.add()
    group.resource.attributes.add(key="service.name").value.string_value = service
    group.scope_spans.add(spans=spans).scope.name = scope
    return result


def block(sequence, *spans, recorder=RECORDER, boot=BOOT, payload=None, span_count=None,
          compressed=False):  # fmt: skip
    """The value of a block: of spans, or of a payload that holds so many of them."""
    payload = data(*spans).SerializeToString() if payload is None else payload
    span_count = len(spans) if span_count is None else span_count
    stored = zstandard.compress(payload) if compressed else payload
    header = BLOCK.pack(
        b"SPLGBLK1", 0, 1, compressed, 0, BLOCK.size, sequence, recorder, boot, span_count, 0,
        len(stored), len(payload), *[0] * 5, *[0] * 6, bytes(16),
    )  # fmt: skip
    return sealed(header + stored)


def write_store(directory, blocks):
    """Writes a store of one compacted segment, which may have blocks of many recorders."""
    directory.mkdir(parents=True)
    (directory / "spanlog-store").write_text("spanlog-store 1\n")
    path = directory / f"compacted-{'c' * 32}-0.mdb"
    environment = lmdb.open(str(path), subdir=False, lock=False, max_dbs=2, map_size=1 << 30)
    with environment, environment.begin(write=True) as transaction:
        tables = [environment.open_db(name, transaction) for name in (b"blocks", b"open")]
        for block in blocks:
            sequence, recorder = block[24:32][::-1], block[32:48]
            table = tables[sequence == OPEN.to_bytes(8, "big")]
            transaction.put(recorder + sequence, block, db=table)
    return directory


def chunk(payload, compressed=False):
    stored = zstandard.compress(payload) if compressed else payload
    header = CHUNK.pack(b"SPLGARC2", 0, compressed, CHUNK.size, len(stored), len(payload))
    return sealed(header + stored)


def sealed(content):
    """A value with its checksum, and zeros up to whole pages."""
    checksum = struct.pack("<Q", xxhash.xxh3_64_intdigest(content[16:]))
    content = content[:8] + checksum + content[16:]
    return content + bytes(-(len(content) + 16) % 4096)


def changed(*records, span_id=None, parent=None, attributes=()):
    """A span that was joined of records or changed, as a field of an entry."""
    content = field_bytes(1, packed_bytes(sum(records, ())))
    content += b"" if span_id is None else field_bytes(2, span_id.to_bytes(8, "big"))
    content += b"" if parent is None else field_bytes(3, parent.to_bytes(8, "big"))
    for attribute in attributes:
        content += field_bytes(4, attribute.SerializeToString())
    return field_bytes(4, content)


def part(*recorded, changed=(), twins=(), number=0):
    """A part of a trace, without its id. Records are the number of a block and a place in it."""
    content = field_bytes(2, number) if number else b""
    content += field_bytes(3, packed_bytes(sum(recorded, ()))) if recorded else b""
    content += b"".join(changed)
    return number, content + (field_bytes(5, packed_bytes(sum(twins, ()))) if twins else b"")


def write_archive(path, blocks, traces, *, starts=None, clocks=b"", seals=(), entries_per_chunk=2,
                  version=b"spanlog-archive 4", compressed=False):  # fmt: skip
    """Writes an archive of `blocks`, and of the parts of each trace in `traces`, by its number, which
    is its start as well unless `starts` says another."""
    tables = {
        "meta": [(b"clocks", chunk(clocks)), (b"format", version), (b"report", chunk(b"{}"))],
        "blocks": [(number.to_bytes(8, "big"), block) for number, block in enumerate(blocks)],
        "traces": in_chunks(parts_of(traces), entries_per_chunk, compressed),
        "index": in_chunks(summaries_of(traces, starts or {}), entries_per_chunk, compressed),
        "quarantine": [],
        "anchors": [],
        "seals": in_chunks(seals, 1, compressed),
    }
    environment = lmdb.open(str(path), subdir=False, lock=False, max_dbs=8, map_size=1 << 30)
    with environment, environment.begin(write=True) as transaction:
        for name, entries in tables.items():
            table = environment.open_db(name.encode(), transaction)
            for key, value in entries:
                transaction.put(key, value, db=table)
    return path


def in_chunks(entries, count, compressed):
    """The chunks of entries, which are sorted by their keys."""
    entries = sorted(entries)
    for first in range(0, len(entries), count):
        together = entries[first : first + count]
        payload = b"".join(field_bytes(1, content) for _, content in together)
        yield together[-1][0], chunk(payload, compressed)


def parts_of(traces):
    for trace, parts in traces.items():
        trace_id = trace.to_bytes(16, "big")
        place = scrambled(trace & 2**64 - 1).to_bytes(8, "big") + trace_id
        for number, content in parts:
            yield place + number.to_bytes(4, "big"), field_bytes(1, trace_id) + content


def summaries_of(traces, starts):
    for trace in traces:
        trace_id, start = trace.to_bytes(16, "big"), starts.get(trace, trace)
        content = b"\x11" + start.to_bytes(8, "little") + b"\x19" + start.to_bytes(8, "little")
        yield start.to_bytes(8, "big") + trace_id, content + field_bytes(9, trace_id)


def seals(recorder, *times):
    """An entry of seals: when the blocks of a recorder were sealed, from its first one on."""
    numbers, last = [], 0
    for sequence, time in enumerate(times):
        numbers += [min(sequence, 1), 2 * (time - last) if time >= last else 2 * (last - time) - 1]
        last = time
    key = recorder + (len(times) - 1).to_bytes(8, "big")
    return key, field_bytes(1, recorder) + field_bytes(2, packed_bytes(numbers))
