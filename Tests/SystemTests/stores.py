"""Reads a store with nothing but the packages lmdb, opentelemetry-proto, xxhash and zstandard, by
the documented format. Shares no code with SpanLog."""

import struct
from dataclasses import dataclass
from pathlib import Path

import lmdb
import xxhash
import zstandard
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

HEADER_BYTES = 192
# magic, checksum, version, codec, reserved, header bytes, sequence, recorder, boot, spans, reserved,
# stored bytes, payload bytes, earliest, latest, realtime, boottime, uncertainty, four drop counters
HEADER = struct.Struct("<8s Q H B B I Q 16s 16s I I 2Q 2Q 3Q 4Q")


@dataclass
class Block:
    file: Path
    key: bytes
    byte_count: int
    checksum: int
    actual_checksum: int
    version: int
    codec: int
    sequence: int
    recorder: str
    span_count: int
    stored_bytes: int
    payload_bytes: int
    earliest: int
    latest: int
    anchor_realtime: int
    anchor_boottime: int
    drops: tuple
    data: TracesData

    @property
    def spans(self):
        return [
            span
            for resource in self.data.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


def read_block(file, key, value):
    """Takes a value of the table `blocks` apart."""
    fields = HEADER.unpack_from(value)
    magic, checksum, version, codec, _, header_bytes, sequence, recorder, _, span_count = fields[:10]
    stored, payload, earliest, latest = fields[11:15]
    assert magic == b"SPLGBLK1"
    assert header_bytes == HEADER_BYTES
    end = HEADER_BYTES + stored
    assert not any(value[end:])
    content = value[HEADER_BYTES:end]
    if codec == 1:
        content = zstandard.decompress(content)
    assert len(content) == payload
    return Block(
        file, key, len(value), checksum, xxhash.xxh3_64_intdigest(value[16:end]), version, codec, sequence,
        recorder.hex(), span_count, stored, payload, earliest, latest, *fields[15:17],
        fields[18:22],
        TracesData.FromString(content),
    )  # fmt: skip


def read_store(directory):
    """All blocks of a store, by segment and sequence."""
    blocks = []
    for file in sorted(Path(directory).glob("*.mdb")):
        # Neither a lock file nor write access is needed, as on a read-only medium.
        options = {"subdir": False, "readonly": True, "lock": False, "max_dbs": 1}
        with lmdb.open(str(file), **options) as environment:
            table = environment.open_db(b"blocks", create=False)
            with environment.begin(db=table) as transaction:
                blocks += [read_block(file, key, value) for key, value in transaction.cursor()]
    return blocks


def read_spans(directory):
    """All spans of a store, in the order of their blocks."""
    return [span for block in read_store(directory) for span in block.spans]
