"""Reads an archive with nothing but the packages lmdb, opentelemetry-proto, xxhash and zstandard, by
the documented format. Shares no code with SpanLog."""

import hashlib
import itertools
import json
import struct
from dataclasses import dataclass, field

import lmdb
import xxhash
import zstandard
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

HEADER = struct.Struct("<8s Q B 3x I Q Q")
MASK = 2**64 - 1


@dataclass
class Archive:
    report: dict
    digest: str
    # Trace id -> the spans, each with its resource's bytes and where it was found.
    traces: dict = field(default_factory=dict)
    summaries: list = field(default_factory=list)
    # Of each summary, the clock domains with start and end.
    ranges: list = field(default_factory=list)
    quarantine: list = field(default_factory=list)
    # The fields of the corrections' domains, in their order.
    clock_domains: list = field(default_factory=list)
    # Clock domain -> the anchors that are kept: CLOCK_BOOTTIME, and CLOCK_REALTIME minus that.
    anchors: dict = field(default_factory=dict)
    # Recorder and sequence -> CLOCK_BOOTTIME when the block was sealed.
    seals: dict = field(default_factory=dict)


def read_archive(path):
    environment = lmdb.open(str(path), subdir=False, readonly=True, lock=False, max_dbs=8)
    with environment.begin() as transaction:
        tables = {
            name: list(transaction.cursor(environment.open_db(name.encode(), transaction, create=False)))
            for name in ("meta", "traces", "index", "quarantine", "anchors", "seals")
        }
    meta = dict(tables["meta"])
    assert meta[b"format"] == b"spanlog-archive 3"
    archive = Archive(json.loads(payload(meta[b"report"])), "")
    read_clocks(archive, payload(meta[b"clocks"]), tables["anchors"], tables["seals"])
    digest = 0
    for key, value in tables["traces"]:
        *_, last = read_traces(archive, payload(value))
        assert key == last
        digest += sum(map(xxhash.xxh3_128_intdigest, entries(payload(value))))
    for key, value in tables["index"]:
        for summary in entries(payload(value)):
            archive.summaries.append(dict(fields(summary)))
            archive.ranges.append(list(clock_ranges(archive, summary)))
        summary = archive.summaries[-1]
        assert key == summary[2][::-1] + summary[9]
    for number, (key, value) in enumerate(tables["quarantine"]):
        assert key == number.to_bytes(8, "big")
        archive.quarantine += [dict(fields(entry)) for entry in entries(payload(value))]
        digest += sum(map(xxhash.xxh3_128_intdigest, entries(payload(value))))
    archive.digest = f"{digest % 2**128:032x}"
    return archive


def read_clocks(archive, corrections, anchors, seals):
    archive.clock_domains = [content for number, content in fields(corrections) if number == 3]
    for key, value in anchors:
        for entry in entries(payload(value)):
            content = dict(fields(entry))
            numbers = [signed(number) for number in packed(content[3])]
            readings = zip(sums(numbers[::2]), sums(numbers[1::2]), strict=True)
            archive.anchors[content[1].decode()] = list(readings)
        assert key == content[1]
    for key, value in seals:
        for entry in entries(payload(value)):
            content = dict(fields(entry))
            numbers = list(packed(content[2]))
            times = sums(signed(number) for number in numbers[1::2])
            for sequence, sealed in zip(sums(numbers[::2]), times, strict=True):
                archive.seals[content[1].hex(), sequence] = sealed
        assert key == content[1] + sequence.to_bytes(8, "big")


def domain_name(correction):
    return dict(fields(correction))[1].decode()


def clock_ranges(archive, summary):
    """For each clock domain of a trace: its name, and when its spans began and ended, uncorrected."""
    start, end = (int.from_bytes(dict(fields(summary))[number], "little") for number in (2, 3))
    for number, content in fields(summary):
        if number == 10:
            found = dict(fields(content))
            name = domain_name(archive.clock_domains[found.get(1, 0)])
            yield name, start + signed(found.get(2, 0)), end + signed(found.get(3, 0))


def signed(number):
    return number >> 1 ^ -(number & 1)


def sums(differences):
    return list(itertools.accumulate(differences))


def payload(value):
    magic, checksum, codec, header_bytes, stored, decompressed = HEADER.unpack_from(value)
    assert (magic, header_bytes) == (b"SPLGARC2", 40)
    assert len(value) % 4096 == 4096 - 16 and not any(value[40 + stored :])
    assert xxhash.xxh3_64_intdigest(value[16 : 40 + stored]) == checksum
    content = value[40 : 40 + stored]
    if codec == 1:
        content = zstandard.decompress(content)
    assert codec in (0, 1) and len(content) == decompressed
    return content


def entries(message):
    return [content for number, content in fields(message) if number == 1]


def read_traces(archive, message):
    origins = {}
    for number, content in fields(message):
        if number == 2:
            origin = dict(fields(content))
            assert origin[1] == hashlib.sha256(origin_content(origin)).digest()[:16]
            origins[origin[1]] = origin
    for entry in entries(message):
        [trace_id] = [content for number, content in fields(entry) if number == 15001]
        part = dict(fields(entry)).get(15002, 0)
        archive.traces.setdefault(trace_id, []).extend(read_spans(entry, origins))
        yield scrambled(trace_id).to_bytes(8, "big") + trace_id + part.to_bytes(4, "big")


def read_spans(entry, origins):
    groups = [content for number, content in fields(entry) if number == 1]
    for group, resource_spans in zip(groups, TracesData.FromString(entry).resource_spans, strict=True):
        origin = origins[dict(fields(group))[15000]]
        scopes = [content for number, content in fields(group) if number == 2]
        for scope, scope_spans in zip(scopes, resource_spans.scope_spans, strict=True):
            found = list(packed(dict(fields(scope))[15003]))
            pairs = zip(found[::2], found[1::2])
            for span, (sequence, index) in zip(scope_spans.spans, pairs, strict=True):
                yield span, origin, sequence - 2, index


def origin_content(origin):
    content = b""
    for number in (2, 3, 4, 5):
        value = origin.get(number, b"")
        content += bytes([number << 3 | 2]) + varint_bytes(len(value)) + value
    return content


def scrambled(trace_id):
    x = int.from_bytes(trace_id[8:], "big")
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & MASK
    return x ^ (x >> 31)


def fields(message):
    """The fields of a Protocol Buffers message: numbers with bytes or integers."""
    position = 0
    while position < len(message):
        tag, position = varint(message, position)
        kind = tag & 7
        if kind == 0:
            value, position = varint(message, position)
        else:
            length = {1: 8, 5: 4}.get(kind)
            if length is None:
                assert kind == 2
                length, position = varint(message, position)
            value = message[position : position + length]
            position += length
        yield tag >> 3, value


def packed(message):
    position = 0
    while position < len(message):
        value, position = varint(message, position)
        yield value


def varint(message, position):
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def varint_bytes(value):
    result = b""
    while value >= 0x80:
        result += bytes([value & 0x7F | 0x80])
        value >>= 7
    return result + bytes([value])
