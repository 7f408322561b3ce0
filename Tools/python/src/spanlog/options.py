"""The bounds of a recorder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["RecorderOptions"]


@dataclass(frozen=True)
class RecorderOptions:
    """How much a recorder may hold, and how soon it writes. Each is brought into what the format
    can do."""

    flush_interval: float = 0.2
    """The longest that a span which has ended waits to be written, in seconds."""

    spool_bytes_max: int = 32 << 20
    """The bytes of the spool: of the file in the store that holds spans which have ended and are in
    no block yet. It is reserved on the disk, and bounds memory. Spans that end while it is full are
    dropped and counted."""

    block_bytes_max: int = 1 << 20
    """The bytes of spans after which a block is written without waiting any longer."""

    span_bytes_max: int = 256 << 20
    """The bytes of the largest span that is recorded, and of all the spans larger than a block that
    may wait for the disk; more are dropped and counted."""

    open_spans_max: int = 8192
    """How many open spans survive the process. Those beyond are recorded when they end, and
    counted."""

    is_compressing: bool = True
    """Whether blocks are compressed by Zstandard, on the recorder's own thread."""

    segment_bytes_max: int = 1 << 30
    """The bytes after which a segment is closed and the next one begun; at most a quarter of
    ``store_bytes_max``."""

    segment_age_max: float | None = None
    """The age in seconds at which a segment is closed and the next one begun; ``None`` is a quarter
    of ``store_age_max`` if there is one."""

    store_bytes_max: int | None = None
    """The bytes of all files in the store. If there are more, whole files are removed, the oldest
    first: segments that this recorder has finished, and what dead recorders left behind. What is
    removed is counted, and no damage. ``None`` removes nothing.

    Files that living recorders write are never removed, so a store takes at least their spools and
    their segments. What is removed is recorded before, which takes a few KiB: choose a limit below
    the disk's size."""

    store_age_max: float | None = None
    """The age in seconds at which files are removed in the same way."""

    @property
    def chunk_byte_count(self) -> int:
        """The bytes of a chunk of the spool, which becomes a block. A multiple of 8."""
        return _clamped(self.block_bytes_max, 64 << 10, 64 << 20) // 8 * 8

    @property
    def chunk_count(self) -> int:
        """The chunks of the spool."""
        return _clamped(self.spool_bytes_max // self.chunk_byte_count, 4, 1 << 16)

    @property
    def segment_byte_count(self) -> int:
        """The bytes of a segment, as they are used."""
        share = self.segment_bytes_max
        if self.store_bytes_max is not None:
            share = min(share, self.store_bytes_max // 4)
        return _clamped(share, 1 << 20, 1 << 40)

    @property
    def segment_age(self) -> float | None:
        """The age of a segment, as it is used."""
        if self.segment_age_max is None and self.store_age_max is not None:
            return self.store_age_max / 4
        return self.segment_age_max

    @property
    def retention(self) -> RetentionLimits:
        """What the store may keep."""
        return RetentionLimits(self.store_bytes_max, self.store_age_max)


class RetentionLimits(NamedTuple):
    """What a store may keep: bytes of all its files, and seconds since a file was last written."""

    byte_count_max: int | None = None
    age_max: float | None = None

    @property
    def is_unlimited(self) -> bool:
        """Whether nothing is ever removed."""
        return self.byte_count_max is None and self.age_max is None


def _clamped(value: int, least: int, greatest: int) -> int:
    return min(max(value, least), greatest)
