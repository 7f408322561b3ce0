"""The bounds of a recorder."""

from __future__ import annotations

from dataclasses import dataclass

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
    """The bytes after which a segment is closed and the next one begun."""

    segment_age_max: float | None = None
    """The age in seconds at which a segment is closed and the next one begun; ``None`` for none."""

    @property
    def chunk_byte_count(self) -> int:
        """The bytes of a chunk of the spool, which becomes a block. A multiple of 8."""
        return _clamped(self.block_bytes_max, 64 << 10, 64 << 20) // 8 * 8

    @property
    def chunk_count(self) -> int:
        """The chunks of the spool."""
        return _clamped(self.spool_bytes_max // self.chunk_byte_count, 4, 1 << 16)


def _clamped(value: int, least: int, greatest: int) -> int:
    return min(max(value, least), greatest)
