"""The segments of one recorder."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import NamedTuple

import lmdb

from .files import remove_file, sync_directory

__all__ = ["SealedBlock", "SegmentAppender"]

# What the tree above the blocks takes at most, and what a commit frees only later.
_OVERHEAD = 1 << 20


class SealedBlock(NamedTuple):
    """A block as it is stored."""

    sequence: int
    value: bytes


class _Segment:
    """One LMDB environment in a single file, written by nobody else."""

    def __init__(self, path: str, byte_count_max: int, block_byte_count: int) -> None:
        self.path = path
        self.is_empty = True
        self.created = time.monotonic()
        if os.path.exists(path):
            raise FileExistsError(path)
        smallest = 2 * block_byte_count + _OVERHEAD
        try:
            self._byte_count_max = max(byte_count_max, smallest)
            try:
                self._environment = self._open(self._byte_count_max)
            except (lmdb.MemoryError, MemoryError):
                # A limit of address space (`ulimit -v`) forbids the other size.
                self._byte_count_max = smallest
                self._environment = self._open(smallest)
            self._table = self._environment.open_db(b"blocks", create=True)
            sync_directory(os.path.dirname(path))
        except BaseException:
            remove_file(path)
            raise

    def _open(self, byte_count_max: int) -> lmdb.Environment:
        # Nobody else writes here, and a lock file would be a mapping of a file whose space nobody
        # has reserved: the first touch is a fatal signal on a full disk.
        return lmdb.open(
            self.path, map_size=byte_count_max + _OVERHEAD, subdir=False, lock=False, max_dbs=4,
            mode=0o600, readahead=False,
        )  # fmt: skip

    def count_that_fits(self, blocks: Sequence[SealedBlock]) -> int:
        """How many of the first of ``blocks`` still fit."""
        pages = self._environment.info()["last_pgno"] + 1
        used = pages * self._environment.stat()["psize"] + _OVERHEAD
        for count, block in enumerate(blocks):
            # A block stands on whole pages, behind 16 bytes of the first.
            used += len(block.value) + 16
            if used > self._byte_count_max:
                return count
        return len(blocks)

    def append(self, blocks: Sequence[SealedBlock]) -> None:
        """Appends blocks in one transaction. Once this returns, they survive a loss of power."""
        with self._environment.begin(write=True, db=self._table) as transaction:
            for block in blocks:
                transaction.put(block.sequence.to_bytes(8, "big"), block.value, append=True)
        self.is_empty = False

    def close(self) -> None:
        self._environment.close()


class SegmentAppender:
    """Appends blocks to segments, and begins the next one by size and age. For one thread."""

    def __init__(
        self, directory: str, recorder_id: bytes, byte_count_max: int, age_max: float | None
    ) -> None:
        self._directory = directory
        self._name = recorder_id.hex()
        self._byte_count_max = byte_count_max
        self._age_max = age_max
        self._segment: _Segment | None = None
        # The number of the next segment.
        self._next_number = 0

    @property
    def first_live_number(self) -> int:
        """The least number of a segment that may still be written into."""
        return self._next_number - 1 if self._segment else self._next_number

    def append(self, blocks: Sequence[SealedBlock]) -> int:
        """Appends the first of ``blocks``, as many as the segment takes, in one transaction.

        Returns how many these are: at least one. They survive a loss of power then. Raises
        ``OSError`` or ``lmdb.Error``; the same blocks may be tried again, and those that reached
        the disk in spite of the error are read once.
        """
        try:
            segment = self._segment_for(blocks[0])
            # A segment that was made for a block takes it, whatever the limit.
            count = max(1, segment.count_that_fits(blocks))
            segment.append(blocks[:count])
            return count
        except BaseException:
            self._abandon()
            raise

    def close_aged(self) -> None:
        """Finishes a segment that has reached its age."""
        segment, age_max = self._segment, self._age_max
        if segment and age_max is not None and time.monotonic() - segment.created >= age_max:
            self.close()

    def close(self) -> None:
        """Finishes the segment."""
        if self._segment:
            self._segment.close()
            self._segment = None

    def _segment_for(self, block: SealedBlock) -> _Segment:
        self.close_aged()
        if self._segment and self._segment.count_that_fits([block]) == 0:
            self.close()
        if not self._segment:
            path = os.path.join(self._directory, f"{self._name}-{self._next_number}.mdb")
            self._segment = _Segment(path, self._byte_count_max, len(block.value))
            self._next_number += 1
        return self._segment

    def _abandon(self) -> None:
        """Leaves a segment behind that cannot be relied on any more.

        After a failed sync the kernel may forget which pages were not written, so a later success
        on the same file would prove nothing. What it holds from before is durable; if that is
        nothing, the file goes, so that a disk that keeps failing does not fill the store with empty
        ones.
        """
        segment = self._segment
        self.close()
        if segment and segment.is_empty:
            remove_file(segment.path)
            self._next_number -= 1
