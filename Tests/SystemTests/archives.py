"""Reads an archive with nothing but the packages lmdb, opentelemetry-proto, xxhash and zstandard, by
the documented format. Shares no code with SpanLog."""

import json
import struct
from dataclasses import dataclass, field

import lmdb
import xxhash
import zstandard
from archive_records import Blocks
from archive_spans import Part
from wire import fields, members, packed, signed, sums

HEADER = struct.Struct("<8s Q B 3x I Q Q")


@dataclass
class Archive:
    report: dict
    digest: str
    # Trace id -> the spans, joined and changed as the archive says, each with its origin and where its
    # first record was found: the sequence of the block, or -1, and the place in it.
    traces: dict = field(default_factory=dict)
    summaries: list = field(default_factory=list)
    # Of each summary, the clock domains with start and end.
    ranges: list = field(default_factory=list)
    # The fields of each record that can be in no trace, and the record.
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
            for name in ("meta", "blocks", "traces", "index", "quarantine", "anchors", "seals")
        }
    meta = dict(tables["meta"])
    assert meta[b"format"] == b"spanlog-archive 4"
    archive = Archive(json.loads(payload(meta[b"report"])), "")
    read_clocks(archive, payload(meta[b"clocks"]), tables["anchors"], tables["seals"])
    blocks = Blocks(tables["blocks"])
    digest = read_traces(archive, tables["traces"], blocks)
    for key, value in tables["index"]:
        for summary in members(payload(value), 1):
            archive.summaries.append(dict(fields(summary)))
            archive.ranges.append(list(clock_ranges(archive, summary)))
        summary = archive.summaries[-1]
        assert key == summary[2][::-1] + summary[9]
    digest += read_quarantine(archive, tables["quarantine"], blocks)
    archive.digest = f"{digest % 2**128:032x}"
    return archive


def read_traces(archive, table, blocks):
    """Fills in the traces, and returns the sum that the digest is of them."""
    digest, last, order = 0, b"", {}
    for key, value in table:
        for entry in members(payload(value), 1):
            part = Part(entry, blocks)
            assert part.key > last
            last = part.key
            # Parts are ranges of what their spans are ordered by.
            [least, greatest] = [select(sum(part.orders, [])) for select in (min, max)]
            assert least > order.get(part.trace_id, -1)
            order[part.trace_id] = greatest
            archive.traces.setdefault(part.trace_id, []).extend(part.spans)
            digest += xxhash.xxh3_128_intdigest(part.digest)
        assert key == last
    return digest


def read_quarantine(archive, table, blocks):
    digest = 0
    for number, (key, value) in enumerate(table):
        assert key == number.to_bytes(8, "big")
        for entry in members(payload(value), 1):
            found = dict(fields(entry))
            reason, *place = (found.get(number, 0) for number in (2, 3, 4))
            record = blocks.set_aside(reason, *place)
            archive.quarantine.append((found, record))
            content = reason.to_bytes(8, "little") + record.in_digest()
            digest += xxhash.xxh3_128_intdigest(content)
    return digest


def read_clocks(archive, corrections, anchors, seals):
    archive.clock_domains = [content for number, content in fields(corrections) if number == 3]
    for key, value in anchors:
        for entry in members(payload(value), 1):
            content = dict(fields(entry))
            numbers = [signed(number) for number in packed(content[3])]
            readings = zip(sums(numbers[::2]), sums(numbers[1::2]), strict=True)
            archive.anchors[content[1].decode()] = list(readings)
        assert key == content[1]
    for key, value in seals:
        for entry in members(payload(value), 1):
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
