"""The blocks of a segment, without LMDB: what another machine wrote is checked before it is
used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

import zstandard
from xxhash import xxh3_64_intdigest

from .._store.block import HEADER, HEADER_BYTE_COUNT, MAGIC

__all__ = ["OPEN", "StoredBlock", "blocks_of_file"]

# The sequence number of a block that holds spans which were open when their recorder died.
OPEN = 2**64 - 1

_PAYLOAD_MAX = 2**31
_RATIO_MAX = 1024
_WINDOW = 8 << 20


class StoredBlock(NamedTuple):
    """A block whose checksum matches."""

    recorder: bytes
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
    header = os.pread(descriptor, HEADER_BYTE_COUNT, position)
    if len(header) < HEADER_BYTE_COUNT:
        return None, 0
    fields = HEADER.unpack(header)
    checksum, version, codec, header_bytes, sequence, recorder = (fields[i] for i in (1, 2, 3, 5, 6, 7))
    stored, payload = fields[11], fields[12]
    end = HEADER_BYTE_COUNT + stored
    if version != 1 or codec > 1 or header_bytes != HEADER_BYTE_COUNT or position + end > size:
        return None, 0
    if max(stored, payload) > _PAYLOAD_MAX or payload // _RATIO_MAX > stored:
        return None, 0
    block = os.pread(descriptor, end, position)
    if len(block) < end or xxh3_64_intdigest(block[16:]) != checksum:
        return None, end
    content = _content(block[HEADER_BYTE_COUNT:], codec, payload)
    if content is None:
        return None, end
    return StoredBlock(recorder, sequence, content, end, fields[18:24]), end


def _content(stored: bytes, codec: int, byte_count: int) -> bytes | None:
    if codec == 0:
        return stored if len(stored) == byte_count else None
    try:
        if zstandard.frame_content_size(stored) != byte_count:
            return None
        return zstandard.ZstdDecompressor().decompress(stored, max_output_size=byte_count)
    except zstandard.ZstdError:
        return None
