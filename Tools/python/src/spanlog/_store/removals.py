"""What retention has removed from a store: known gaps, in a file of their own."""

from __future__ import annotations

import bisect
import itertools
import os
import struct
from collections.abc import Iterable
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

from ..errors import SpanLogError
from .drops import DROP_COUNT
from .files import replace_file, sync_directory

__all__ = ["FILE_NAME", "Gap", "Removals"]

FILE_NAME = "spanlog-removed"

_MAGIC = b"SPLGGAP1"
_VERSION = 1
# Magic, checksum, version, zeros, number of entries.
_HEADER = struct.Struct("<8sQH6xQ")
_CHECKED_FROM = 16
# Recorder, seven numbers, six counters, zeros.
_ENTRY = struct.Struct("<16s7Q6Q8x")
_BYTE_COUNT_MAX = 16 << 20
# More entries than these become one, the oldest first.
_ENTRY_COUNT_MAX = 4096
_ANY_RECORDER = bytes(16)
_MASK = 2**64 - 1


class Gap(NamedTuple):
    """Blocks of one recorder with successive numbers, or with a count of 0 what its spool said
    last."""

    recorder: bytes
    first: int
    block_count: int
    span_count: int
    open_span_count: int
    earliest: int
    latest: int
    removed: int
    drops: tuple[int, ...]

    @property
    def end(self) -> int:
        """The number behind the last one."""
        return self.first + self.block_count

    @property
    def order(self) -> tuple[bytes, bool, int]:
        """By recorder and number, open spans last."""
        return self.recorder, self.block_count == 0, self.first

    def is_followed_by(self, other: Gap) -> bool:
        """Whether the two are one run of blocks."""
        are_blocks = self.block_count > 0 and other.block_count > 0
        return self.recorder == other.recorder and are_blocks and self.end == other.first

    def joined(self, other: Gap) -> Gap:
        """Both as one. Counters of one recorder only grow, so the greatest are the newest."""
        is_same = self.recorder == other.recorder
        drops = (
            max(pair) if is_same else sum(pair) & _MASK
            for pair in zip(self.drops, other.drops, strict=True)
        )
        return self._replace(
            block_count=self.block_count + other.block_count & _MASK,
            span_count=self.span_count + other.span_count & _MASK,
            open_span_count=self.open_span_count + other.open_span_count & _MASK,
            earliest=min(self.earliest, other.earliest),
            latest=max(self.latest, other.latest),
            removed=max(self.removed, other.removed),
            drops=tuple(drops),
        )


class Removals:
    """The gaps of a store, in their order; none overlap."""

    def __init__(self, gaps: Iterable[Gap] = ()) -> None:
        self.gaps = list(gaps)

    @classmethod
    def read(cls, directory: str) -> Removals:
        """What the store says of its gaps; nothing if it says nothing.

        Raises ``OSError``, or `SpanLogError` if the file is damaged.
        """
        path = os.path.join(directory, FILE_NAME)
        try:
            with open(path, "rb") as file:
                content = file.read(_BYTE_COUNT_MAX + 1)
        except FileNotFoundError:
            return cls()
        gaps = _decoded(content)
        if gaps is None:
            raise SpanLogError(
                SpanLogError.DAMAGED,
                f"{path} is damaged. What was removed from the store counts as missing, and nothing "
                "more is removed: delete the file, and retention goes on.",
            )
        return cls(gaps)

    def write(self, directory: str) -> None:
        """Puts these in place of what the store said before. When this returns, they are
        durable."""
        body = struct.pack("<H6xQ", _VERSION, len(self.gaps))
        body += b"".join(_ENTRY.pack(*gap[:-1], *gap.drops) for gap in self.gaps)
        content = _MAGIC + xxh3_64_intdigest(body).to_bytes(8, "little") + body
        replace_file(os.path.join(directory, FILE_NAME), content)
        sync_directory(directory)

    def add(self, new: Iterable[Gap]) -> bool:
        """Adds single blocks, and what spools said last, unless they are known. Returns whether
        there were any."""
        known = {(gap.recorder, gap.first, gap.block_count): gap for gap in new}
        added = [gap for gap in known.values() if not self._contains(gap)]
        if not added:
            return False
        gaps: list[Gap] = []
        for gap in sorted(self.gaps + added, key=lambda gap: gap.order):
            if gaps and gaps[-1].is_followed_by(gap):
                gaps[-1] = gaps[-1].joined(gap)
            else:
                gaps.append(gap)
        self.gaps = _limited(gaps)
        return True

    def _contains(self, gap: Gap) -> bool:
        start = bisect.bisect_left(self.gaps, (gap.recorder, False, 0), key=lambda gap: gap.order)
        for known in itertools.takewhile(
            lambda known: known.recorder == gap.recorder, itertools.islice(self.gaps, start, None)
        ):
            if not gap.block_count and not known.block_count:
                return True
            if gap.block_count and known.first <= gap.first < known.end:
                return True
        return False


def _limited(gaps: list[Gap]) -> list[Gap]:
    excess = len(gaps) - _ENTRY_COUNT_MAX
    if excess <= 0:
        return gaps
    by_age = sorted(gaps, key=lambda gap: gap.removed)
    count = excess + _ENTRY_COUNT_MAX // 8
    everything = Gap(_ANY_RECORDER, 0, 0, 0, 0, _MASK, 0, 0, (0,) * DROP_COUNT)
    for gap in by_age[:count]:
        everything = everything.joined(gap)
    return [everything, *sorted(by_age[count:], key=lambda gap: gap.order)]


def _decoded(content: bytes) -> list[Gap] | None:
    """The entries of a file, or ``None`` if it is damaged."""
    if not _HEADER.size <= len(content) <= _BYTE_COUNT_MAX:
        return None
    magic, checksum, version, count = _HEADER.unpack_from(content)
    if magic != _MAGIC or version != _VERSION:
        return None
    if len(content) != _HEADER.size + count * _ENTRY.size:
        return None
    if xxh3_64_intdigest(content[_CHECKED_FROM:]) != checksum:
        return None
    rows = _ENTRY.iter_unpack(content[_HEADER.size :])
    gaps = [Gap._make((*row[:8], row[8:])) for row in rows]
    if any(gap.end > _MASK for gap in gaps):
        return None
    for gap, following in itertools.pairwise(gaps):
        overlaps = gap.recorder == following.recorder and gap.end > following.first
        if gap.order >= following.order or (overlaps and following.block_count):
            return None
    return gaps
