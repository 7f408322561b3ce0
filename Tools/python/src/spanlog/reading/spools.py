"""What a spool holds of a recorder that is alive, or that died."""

from __future__ import annotations

import os
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
_SLOTS_AT_ONCE = 1024
_LAST_SEEN = b"\n\x1bspanlog.last_seen_unix_nano\x12"


class _Spool(NamedTuple):
    descriptor: int
    layout: SpoolLayout
    recorder: bytes
    boot: bytes
    resource: bytes
    scope: bytes
    last_seen: int
    drops: tuple[int, ...]

    def read(self, offset: int, count: int) -> bytes:
        """The bytes there; zeros where the file ends before."""
        return os.pread(self.descriptor, count, offset).ljust(count, b"\0")


def blocks_of_spool(path: str) -> Iterator[StoredBlock]:
    """The blocks that the spool's chunks will be, and one with the spans that are open.

    Nothing is delivered of a spool whose header is damaged: ``spanlog merge`` knows more.
    """
    with open(path, "rb") as file:
        spool = _spool(file.fileno())
        if not spool:
            return
        # Open spans first: one that ends meanwhile is then in both, and not in neither.
        entries = list(_open_spans(spool))
        # The newest to say what was lost, so it is there for that alone.
        if entries or any(spool.drops):
            yield _block(spool, OPEN, b"".join(entries))
        for number in range(spool.layout.chunk_count):
            if chunk := _chunk(spool, number):
                yield _block(spool, *chunk)


def _spool(descriptor: int) -> _Spool | None:
    content = os.pread(descriptor, at.HEADER_BYTE_COUNT, 0)
    if len(content) < at.HEADER_BYTE_COUNT:
        return None
    fields = _FIXED.unpack_from(content)
    magic, checksum, version, _, header, recorder, boot, *numbers = fields
    chunks, chunk_bytes, slots, slot_bytes, resource_bytes, scope_bytes = numbers
    layout = SpoolLayout(chunks, chunk_bytes, slots, resource_bytes, scope_bytes)
    if (magic, version, header, slot_bytes) != (
        at.SPOOL_MAGIC, at.SPOOL_VERSION, at.HEADER_BYTE_COUNT, at.SLOT_BYTE_COUNT,
    ):  # fmt: skip
        return None
    size = os.fstat(descriptor).st_size
    if not layout.byte_count <= size <= _BYTE_COUNT_MAX or chunk_bytes < at.ENTRIES:
        return None
    limits = (
        (chunks, 1 << 16), (chunk_bytes, 1 << 30), (slots, 1 << 20), (resource_bytes, 4 << 20),
        (scope_bytes, 4 << 20),
    )  # fmt: skip
    if any(number > limit for number, limit in limits):
        return None
    texts = os.pread(descriptor, resource_bytes + scope_bytes, at.HEADER_BYTE_COUNT)
    if xxh3_64_intdigest(content[at.CHECKED_FROM : at.VARIABLE_FROM] + texts) != checksum:
        return None
    boottime, offset, *drops = struct.unpack_from("<QQ16x6Q", content, at.LAST_SEEN_BOOTTIME)
    last_seen = (boottime + offset) & (2**64 - 1) if boottime else 0
    resource, scope = texts[:resource_bytes], texts[resource_bytes:]
    return _Spool(descriptor, layout, recorder, boot, resource, scope, last_seen, tuple(drops))


def _chunk(spool: _Spool, number: int) -> tuple[int, bytes] | None:
    layout = spool.layout
    offset = layout.chunks_offset + number * layout.chunk_byte_count
    _, sequence, extent = struct.unpack("<QQQ", spool.read(offset, 24))
    count, byte_count = extent >> 32, extent & 0xFFFF_FFFF
    if not sequence or at.ENTRIES + byte_count + 8 * count > layout.chunk_byte_count:
        return None
    sequence -= 1
    content = spool.read(offset + at.ENTRIES, byte_count)
    index = spool.read(offset + layout.chunk_byte_count - 8 * count, 8 * count)
    entries, start = [], 0
    mix = sequence * at.SEQUENCE_FACTOR & 0xFFFF_FFFF
    for end, checksum in reversed(list(struct.iter_unpack("<II", index))):
        if not start < end <= byte_count:
            continue
        entry = content[start:end]
        # An entry that a loss of power undid costs itself alone.
        if (xxh3_64_intdigest(entry) ^ mix) & 0xFFFF_FFFF == checksum:
            entries.append(entry)
        start = end
    return sequence, b"".join(entries)


def _open_spans(spool: _Spool) -> Iterator[bytes]:
    seen = b""
    if spool.last_seen:
        seen = delimited(b"J", _LAST_SEEN + delimited(b"", b"\x18" + varint(spool.last_seen)))
    layout = spool.layout
    for first in range(0, layout.slot_count, _SLOTS_AT_ONCE):
        count = min(_SLOTS_AT_ONCE, layout.slot_count - first) * at.SLOT_BYTE_COUNT
        content = spool.read(layout.slots_offset + first * at.SLOT_BYTE_COUNT, count)
        for offset in range(0, count, at.SLOT_BYTE_COUNT):
            state, size = struct.unpack_from("<QQ", content, offset)
            if state & at.SLOT_STATE_MASK == at.SLOT_OPEN and 0 < size <= at.SLOT_CONTENT_MAX:
                start = offset + at.SLOT_CONTENT
                yield delimited(b"\x12", content[start : start + size] + seen)


def _block(spool: _Spool, sequence: int, entries: bytes) -> StoredBlock:
    payload = traces_data_prefix(spool.resource, spool.scope, len(entries)) + entries
    return StoredBlock(spool.recorder, spool.boot, sequence, payload, 0, spool.drops)
