"""Spans that are larger than a chunk of the spool."""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple

from .block import Sealer, Summary
from .files import remove_file, replace_file

__all__ = ["LargeSpan", "LargeSpans"]


class LargeSpan(NamedTuple):
    """A sealed block in a file of its own, or only here if the file could not be made."""

    summary: Summary
    path: str
    block: bytes
    reserved: int

    @property
    def has_file(self) -> bool:
        """Whether the span survives the process."""
        return os.path.exists(self.path)


class LargeSpans:
    """Writes each large span into a file of its own, on the thread that ends it, so that the others
    wait for nothing. The caller holds the spool's lock, save for `write`."""

    def __init__(self, directory: str, sealer: Sealer, byte_count_max: int) -> None:
        self.byte_count_max = byte_count_max
        self._directory = directory
        self._sealer = sealer
        self._waiting: list[LargeSpan] = []
        self._byte_count = 0

    def reserve(self, count: int) -> bool:
        """Makes sure that there is room for a span of this size. One alone always has room."""
        if self._byte_count and self._byte_count + count > self.byte_count_max:
            return False
        self._byte_count += count
        return True

    def write(self, entry: bytes, summary: Summary, drops: tuple[int, ...]) -> LargeSpan:
        """Writes the file of a span for which room is reserved."""
        block = self._sealer.sealed(entry, summary, drops)
        name = f"{self._sealer.recorder_id.hex()}-{summary.sequence}.block"
        path = os.path.join(self._directory, name)
        # If there is no room for the file, the span still has a chance to reach a segment.
        with contextlib.suppress(OSError):
            replace_file(path, block)
        return LargeSpan(summary, path, block, len(entry))

    def add(self, span: LargeSpan) -> None:
        """Hands a span over to the writer."""
        self._waiting.append(span)

    def take(self) -> list[LargeSpan]:
        """What is to be written."""
        taken, self._waiting = self._waiting, []
        return taken

    def release(self, span: LargeSpan) -> None:
        """Removes the file of a span, once its block is in a segment or nobody wants it."""
        remove_file(span.path)
        self._byte_count -= span.reserved
