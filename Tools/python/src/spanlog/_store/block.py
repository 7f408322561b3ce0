"""Blocks: spans behind a header with a checksum, as a segment holds them."""

from __future__ import annotations

import struct
from typing import NamedTuple

import zstandard
from xxhash import xxh3_64_intdigest

from .._otlp.resources import traces_data_prefix
from . import clocks

__all__ = ["HEADER", "HEADER_BYTE_COUNT", "MAGIC", "Compressor", "Sealer", "Summary"]

MAGIC = b"SPLGBLK1"
# Magic, checksum, version, codec, 0, length, sequence, recorder, boot, spans, 0, stored and payload
# bytes, least start, greatest end, three numbers of the anchor, six counters, zeros.
HEADER = struct.Struct("<8sQHBBIQ16s16sII2Q2Q3Q6Q16s")
HEADER_BYTE_COUNT = HEADER.size
_CHECKED_FROM = 16
_PAGE, _PAGE_HEADER = 4096, 16
_RATIO_MAX = 1024
_NOT_COMPRESSED, _ZSTANDARD = 0, 1


class Summary(NamedTuple):
    """What a block says of its spans."""

    sequence: int
    span_count: int
    earliest: int
    latest: int


class Sealer(NamedTuple):
    """Puts the header of one recorder in front of spans, and so makes them a block."""

    recorder_id: bytes
    boot_id: bytes
    resource: bytes
    scope: bytes

    def sealed(
        self, entries: bytes, summary: Summary, drops: tuple[int, ...],
        compressor: Compressor | None = None,
    ) -> bytes:  # fmt: skip
        """The value to store: compressed if there is a compressor and that saves a page."""
        payload = traces_data_prefix(self.resource, self.scope, len(entries)) + entries
        stored, codec = payload, _NOT_COMPRESSED
        if compressor:
            frame = compressor.compress(payload)
            saves = _whole_pages(len(frame)) < _whole_pages(len(payload))
            if saves and len(payload) // _RATIO_MAX <= len(frame):
                stored, codec = frame, _ZSTANDARD
        earliest = summary.earliest if summary.span_count else 0
        moment = clocks.anchor()
        header = HEADER.pack(
            MAGIC, 0, 1, codec, 0, HEADER_BYTE_COUNT, summary.sequence, self.recorder_id,
            self.boot_id, summary.span_count, 0, len(stored), len(payload), earliest,
            summary.latest, *moment, *drops, bytes(16),
        )  # fmt: skip
        block = bytearray(_whole_pages(len(stored)))
        end = HEADER_BYTE_COUNT + len(stored)
        block[:HEADER_BYTE_COUNT] = header
        block[HEADER_BYTE_COUNT:end] = stored
        with memoryview(block) as view:
            checksum = xxh3_64_intdigest(view[_CHECKED_FROM:end])
        struct.pack_into("<Q", block, 8, checksum)
        return bytes(block)


class Compressor:
    """Zstandard at its level 1, for one thread."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=1, write_content_size=True)

    def compress(self, payload: bytes) -> bytes:
        """One frame, which names the length of its content."""
        return self._compressor.compress(payload)


def _whole_pages(payload_byte_count: int) -> int:
    """The bytes of the value for such a payload: what whole pages of LMDB's hold behind 16
    bytes."""
    needed = HEADER_BYTE_COUNT + payload_byte_count + _PAGE_HEADER
    return (needed + _PAGE - 1) // _PAGE * _PAGE - _PAGE_HEADER
