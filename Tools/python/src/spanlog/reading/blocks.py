"""The blocks of a segment, without LMDB: what another machine wrote is checked before it is
used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

from .._store.block import HEADER, HEADER_BYTE_COUNT, MAGIC
from .payloads import content_of, is_plausible

__all__ = ["OPEN", "StoredBlock", "block_of", "blocks_of_file"]

# The sequence number of a block that holds spans which were open when their recorder died.
OPEN = 2**64 - 1

_PAYLOAD_MAX = 2**31
_WINDOW = 8 << 20


class StoredBlock(NamedTuple):
    """A block whose checksum matches."""

    recorder: bytes
    boot: bytes
    sequence: int
    payload: bytes
    byte_count: int
    # What its recorder had lost by then, by reason.
    drops: tuple[int, ...]


def blocks_of_file(path: str) -> Iterator[StoredBlock]:
    """The sound blocks of a segment, or the one of a file of its own, wherever they stand in it.

    A block is found by its first bytes and proved by its checksum, so the tree of LMDB's is not
    needed, and no damage to it does any harm.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        # Forged headers could have the same bytes hashed again and again.
        budget = 4 * size + (64 << 20)
        position = 0
        while (found := _find(file.fileno(), position)) is not None:
            block, hashed = _block_at(file.fileno(), found, size)
            if block:
                yield block
                position = found + block.byte_count
            else:
                position = found + 1
                budget -= hashed
                if budget < 0:
                    return


def block_of(value: bytes) -> StoredBlock | None:
    """The block that a table of LMDB's leads to, or ``None`` if it is not what was written."""
    end = _end(value)
    return None if end is None or end > len(value) else _checked(value[:end])


def _find(descriptor: int, position: int) -> int | None:
    """Where the next block may begin."""
    while window := os.pread(descriptor, _WINDOW, position):
        place = window.find(MAGIC)
        if place >= 0:
            return position + place
        if len(window) < len(MAGIC):
            return None
        position += len(window) - len(MAGIC) + 1
    return None


def _block_at(descriptor: int, position: int, size: int) -> tuple[StoredBlock | None, int]:
    """The block at ``position``, or ``None``, and how many bytes were hashed to find out."""
    end = _end(os.pread(descriptor, HEADER_BYTE_COUNT, position))
    if end is None or position + end > size:
        return None, 0
    block = os.pread(descriptor, end, position)
    return (_checked(block) if len(block) == end else None), end


def _end(block: bytes) -> int | None:
    """How long the block is that begins with these bytes, by its own word, or ``None`` if its header
    makes no sense."""
    if len(block) < HEADER_BYTE_COUNT:
        return None
    fields = HEADER.unpack_from(block)
    magic, version, codec, header_bytes, stored, payload = (fields[i] for i in (0, 2, 3, 5, 11, 12))
    if magic != MAGIC or version != 1 or header_bytes != HEADER_BYTE_COUNT:
        return None
    if not is_plausible(codec, stored, payload, _PAYLOAD_MAX):
        return None
    return HEADER_BYTE_COUNT + int(stored)


def _checked(block: bytes) -> StoredBlock | None:
    """The block that these bytes are from the first to the last."""
    fields = HEADER.unpack_from(block)
    checksum, codec, sequence, recorder, boot, payload = (fields[i] for i in (1, 3, 6, 7, 8, 12))
    if xxh3_64_intdigest(block[16:]) != checksum:
        return None
    content = content_of(block[HEADER_BYTE_COUNT:], codec, payload)
    if content is None:
        return None
    return StoredBlock(recorder, boot, sequence, content, len(block), fields[18:24])
