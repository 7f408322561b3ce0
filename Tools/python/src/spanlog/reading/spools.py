"""What a spool holds of a recorder that is alive, or that died."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

from .._otlp.protobuf import delimited, varint
from .._otlp.resources import traces_data_prefix
from .._store import layout as at
from .._store.layout import SpoolLayout
from .blocks import OPEN, StoredBlock

__all__ = ["blocks_of_spool"]

_FIXED = struct.Struct("<8sQHHI8x16s16s6I")
_BYTE_COUNT_MAX = 2**32
_LAST_SEEN = b"\n\x1bspanlog.last_seen_unix_nano\x12"


class _Spool(NamedTuple):
    content: bytes
    layout: SpoolLayout
    recorder: bytes
    resource: bytes
    scope: bytes
    last_seen: int


def blocks_of_spool(path: str) -> Iterator[StoredBlock]:
    """The blocks that the spool's chunks will be, and one with the spans that are open.

    Nothing is delivered of a spool whose header is damaged: ``spanlog merge`` knows more.
    """
    with open(path, "rb") as file:
        content = file.read(_BYTE_COUNT_MAX)
    spool = _spool(content)
    if not spool:
        return
    for number in range(spool.layout.chunk_count):
        if chunk := _chunk(spool, number):
            sequence, entries = chunk
            yield _block(spool, sequence, entries)
    if entries := b"".join(_open_spans(spool)):
        yield _block(spool, OPEN, entries)


def _spool(content: bytes) -> _Spool | None:
    if len(content) < at.HEADER_BYTE_COUNT:
        return None
    fields = _FIXED.unpack_from(content)
    magic, checksum, version, _, header, recorder, _, *numbers = fields
    chunks, chunk_bytes, slots, slot_bytes, resource_bytes, scope_bytes = numbers
    layout = SpoolLayout(chunks, chunk_bytes, slots, resource_bytes, scope_bytes)
    if (magic, version, header, slot_bytes) != (
        at.SPOOL_MAGIC, at.SPOOL_VERSION, at.HEADER_BYTE_COUNT, at.SLOT_BYTE_COUNT,
    ):  # fmt: skip
        return None
    texts = content[at.HEADER_BYTE_COUNT : at.HEADER_BYTE_COUNT + resource_bytes + scope_bytes]
    if xxh3_64_intdigest(content[at.CHECKED_FROM : at.VARIABLE_FROM] + texts) != checksum:
        return None
    if layout.byte_count > len(content) or chunk_bytes < at.ENTRIES:
        return None
    boottime, offset = struct.unpack_from("<QQ", content, at.LAST_SEEN_BOOTTIME)
    last_seen = (boottime + offset) & (2**64 - 1) if boottime else 0
    resource, scope = texts[:resource_bytes], texts[resource_bytes:]
    return _Spool(content, layout, recorder, resource, scope, last_seen)


def _chunk(spool: _Spool, number: int) -> tuple[int, bytes] | None:
    layout = spool.layout
    offset = layout.chunks_offset + number * layout.chunk_byte_count
    _, sequence, extent = struct.unpack_from("<QQQ", spool.content, offset)
    count, byte_count = extent >> 32, extent & 0xFFFF_FFFF
    if not sequence or at.ENTRIES + byte_count + 8 * count > layout.chunk_byte_count:
        return None
    sequence -= 1
    entries, start = [], 0
    mix = sequence * at.SEQUENCE_FACTOR & 0xFFFF_FFFF
    for place in range(1, count + 1):
        index = offset + layout.chunk_byte_count - 8 * place
        end, checksum = struct.unpack_from("<II", spool.content, index)
        first = offset + at.ENTRIES
        entry = spool.content[first + start : first + end]
        # An entry that a loss of power undid costs itself alone.
        if start < end <= byte_count and (xxh3_64_intdigest(entry) ^ mix) & 0xFFFF_FFFF == checksum:
            entries.append(entry)
        start = end if start < end <= byte_count else start
    return sequence, b"".join(entries)


def _open_spans(spool: _Spool) -> Iterator[bytes]:
    seen = b""
    if spool.last_seen:
        seen = delimited(b"J", _LAST_SEEN + delimited(b"", b"\x18" + varint(spool.last_seen)))
    for number in range(spool.layout.slot_count):
        offset = spool.layout.slots_offset + number * at.SLOT_BYTE_COUNT
        state, count = struct.unpack_from("<QQ", spool.content, offset)
        if state & at.SLOT_STATE_MASK == at.SLOT_OPEN and 0 < count <= at.SLOT_CONTENT_MAX:
            first = offset + at.SLOT_CONTENT
            yield delimited(b"\x12", spool.content[first : first + count] + seen)


def _block(spool: _Spool, sequence: int, entries: bytes) -> StoredBlock:
    prefix = traces_data_prefix(spool.resource, spool.scope, len(entries))
    return StoredBlock(spool.recorder, sequence, prefix + entries, 0)
