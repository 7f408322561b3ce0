"""Where everything stands in a spool. FileFormat.md has it byte by byte."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["SpoolLayout"]

_PAGE = 4096


def _whole_pages(count: int) -> int:
    return (count + _PAGE - 1) // _PAGE * _PAGE


class SpoolLayout(NamedTuple):
    """The places in a spool of this size. All of them are multiples of 8."""

    chunk_count: int
    chunk_byte_count: int
    slot_count: int
    resource_byte_count: int
    scope_byte_count: int

    @property
    def slots_offset(self) -> int:
        """Where the table of open spans begins."""
        texts = self.resource_byte_count + self.scope_byte_count
        return _whole_pages(HEADER_BYTE_COUNT + texts)

    @property
    def chunks_offset(self) -> int:
        """Where the chunks begin."""
        return _whole_pages(self.slots_offset + self.slot_count * SLOT_BYTE_COUNT)

    @property
    def byte_count(self) -> int:
        """The bytes of the file."""
        return self.chunks_offset + self.chunk_count * self.chunk_byte_count

    @property
    def span_byte_count_max(self) -> int:
        """The bytes of the largest span that a chunk takes, with its tag and length."""
        return self.chunk_byte_count - ENTRIES - INDEX_ENTRY_BYTE_COUNT


SPOOL_MAGIC = b"SPLGSPL1"
SPOOL_VERSION = 1
HEADER_BYTE_COUNT = 4096
SLOT_BYTE_COUNT = 512

# Within the header.
CHECKSUM = 8
CHECKED_FROM = 16
VARIABLE_FROM = 128
LAST_SEEN_BOOTTIME = 128
CLOCK_OFFSET = 136
DROPS = 160

# Within a slot.
SLOT_CONTENT = 16
SLOT_CONTENT_MAX = SLOT_BYTE_COUNT - SLOT_CONTENT
SLOT_FREE, SLOT_OPEN, SLOT_ENDING = 0, 1, 2
SLOT_STATE_MASK = 3
SLOT_NEXT_USE = 4

# Within a chunk, as words of 8 bytes and as bytes.
CHUNK_USE, CHUNK_SEQUENCE, CHUNK_EXTENT = 0, 1, 2
ENTRIES = 64
INDEX_ENTRY_BYTE_COUNT = 8

# What the checksum of an entry is mixed with, once for each sequence number.
SEQUENCE_FACTOR = 0x9E37_79B9_7F4A_7C15
