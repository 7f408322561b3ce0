"""A recorder's memory that survives its process."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections import deque
from collections.abc import Callable
from threading import RLock
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

from .._otlp.protobuf import delimited, varint
from .._otlp.spans import nanoseconds, start_of
from . import clocks
from . import layout as at
from .block import Compressor, Sealer, Summary
from .drops import DROP_COUNT, Drop
from .files import remove_file
from .large_spans import LargeSpan, LargeSpans
from .layout import SpoolLayout
from .mapping import SpoolMapping
from .slots import NO_SLOT, Slot, Slots

__all__ = ["Batch", "Spool"]

_LAST_SEEN = b"\n\x1bspanlog.last_seen_unix_nano\x12"
# Tag and length of a span in front of it, for most lengths.
_ENTRY_HEAD = tuple(b"\x12" + varint(count) for count in range(4096))
_EARLIEST = 2**64 - 1
_LOW = 2**32 - 1
_ONE_SPAN = 1 << 32


class Batch(NamedTuple):
    """Spans that become one block."""

    summary: Summary
    byte_count: int
    # Where they are: a chunk of the spool, a file of their own, or only here.
    chunk: int | None = None
    large: LargeSpan | None = None
    entries: bytes = b""


class Spool:
    """Spans that have ended and are in no block yet, and the spans that are open.

    Each chunk of ended spans becomes one block, and knows from its first span which sequence number
    that block will have: a reader that finds the block in a segment ignores the chunk, and one that
    does not takes it.

    Spans begin and end without a system call. A signal handler or a finalizer may end a span while
    the same thread is ending another: that one waits its turn.
    """

    def __init__(
        self, directory: str, sealer: Sealer, *, chunk_count: int, chunk_byte_count: int,
        slot_count: int, span_byte_count_max: int,
    ) -> None:  # fmt: skip
        """Makes the file. Raises ``OSError``; nothing is left behind then."""
        layout = SpoolLayout(
            chunk_count, chunk_byte_count, slot_count, len(sealer.resource), len(sealer.scope)
        )
        path = os.path.join(directory, f"{sealer.recorder_id.hex()}.spool")
        self._mapping = SpoolMapping(path, layout)
        self._mapping.write_header(sealer)
        self._sealer = sealer
        self._layout = layout
        self._bytes = self._mapping.bytes
        self._words = self._mapping.words
        self._halves = self._mapping.halves
        self.lock = RLock()
        self._is_busy = False
        self._is_closed = False
        self._late: deque[tuple[bytes, int, int, Slot | None]] = deque()
        self._large = LargeSpans(directory, sealer, span_byte_count_max)
        self._entry_max = min(layout.span_byte_count_max, span_byte_count_max)
        self._free_chunks = list(range(chunk_count - 1, -1, -1))
        self.slots = Slots(self._mapping)
        """Where spans begin."""
        self._free_slots = self.slots.free
        self._full: list[Batch] = []
        self._sequences = itertools.count()
        self.on_full: Callable[[], None] = lambda: None
        # The chunk that gathers, and where its next entry goes: its bytes, and its numbers in the
        # index, counted by 4 bytes.
        self._chunk = -1
        self._room = 0
        self._sequence = self._mix = self._first = self._position = self._index = 0
        # The word that says how much of the chunk counts, and what it says.
        self._extent_word = self._extent = 0
        self._earliest, self._latest = _EARLIEST, 0
        self.beat()

    # Spans end

    def append(self, span: bytes, start: int, end: int, slot: Slot | None = NO_SLOT) -> None:
        """Takes the bytes of an OTLP ``Span`` that has ended, or counts why it could not."""
        count = len(span)
        entry = (_ENTRY_HEAD[count] if count < 4096 else b"\x12" + varint(count)) + span
        count = len(entry)
        if count > self._entry_max:
            self._append_large(entry, start, end, slot)
            return
        digest = xxh3_64_intdigest(entry)
        with self.lock:
            if self._is_busy:
                self._late.append((span, start, end, slot))
                return
            self._is_busy = True
            try:
                words = self._words
                if slot:
                    word, use = slot
                    words[word] = use + 1  # ending
                if count + 8 <= self._room or self._make_room():
                    position = self._position
                    after = position + count
                    index = self._index - 2
                    extent = self._extent + count + _ONE_SPAN
                    halves = self._halves
                    self._bytes[position:after] = entry
                    halves[index] = extent & _LOW
                    halves[index + 1] = (digest ^ self._mix) & _LOW
                    # Only now does the entry count: a process that dies before loses this span
                    # alone.
                    words[self._extent_word] = extent
                    self._extent = extent
                    self._position = after
                    self._index = index
                    self._room -= count + 8
                    if start < self._earliest:
                        self._earliest = start
                    if end > self._latest:
                        self._latest = end
                if slot:
                    words[word] = free = use - 1
                    self._free_slots.append((word, free))
            finally:
                self._is_busy = False
        if self._late:
            self._append_late()

    def _append_late(self) -> None:
        """Takes the spans that ended while the same thread was ending another."""
        with contextlib.suppress(IndexError):  # Another thread may take them as well.
            while True:
                self.append(*self._late.popleft())

    def _append_large(self, entry: bytes, start: int, end: int, slot: Slot | None) -> None:
        large = self._large
        if len(entry) > large.byte_count_max:
            self._refuse(Drop.TOO_LARGE, slot)
            return
        with self.lock:
            has_room = large.reserve(len(entry))
        if not has_room:
            self._refuse(Drop.BUFFER_FULL, slot)
            return
        if slot:
            self.slots.begin_end(slot)
        times = nanoseconds(start), nanoseconds(end)
        span = large.write(entry, Summary(next(self._sequences), 1, *times), self.drops)
        with self.lock:
            if self._is_closed:
                large.release(span)
                self.count(Drop.AFTER_SHUTDOWN)
            else:
                large.add(span)
            if slot:
                self.slots.release(slot)
        self.on_full()

    def _refuse(self, reason: Drop, slot: Slot | None) -> None:
        with self.lock:
            self.count(reason)
            if slot:
                self.slots.release(slot)

    # Chunks, under the lock

    def _make_room(self) -> bool:
        """Begins another chunk. Returns whether there was one; if not, the loss is counted."""
        if self._is_closed:
            self.count(Drop.AFTER_SHUTDOWN)
            return False
        if self._chunk >= 0:
            self._finish_chunk()
            self.on_full()
        if not self._free_chunks:
            self.count(Drop.BUFFER_FULL)
            return False
        self._begin_chunk(self._free_chunks.pop())
        return True

    def _begin_chunk(self, index: int) -> None:
        layout = self._layout
        offset = layout.chunks_offset + index * layout.chunk_byte_count
        self._chunk = index
        self._sequence = next(self._sequences)
        self._words[offset // 8 + at.CHUNK_SEQUENCE] = self._sequence + 1
        self._mix = self._sequence * at.SEQUENCE_FACTOR & _LOW
        self._first = self._position = offset + at.ENTRIES
        self._extent_word = offset // 8 + at.CHUNK_EXTENT
        self._index = (offset + layout.chunk_byte_count) // 4
        self._room = layout.chunk_byte_count - at.ENTRIES

    def _clear_chunk(self) -> None:
        """Leaves no chunk that gathers, so that the next entry begins one."""
        self._chunk = -1
        self._room = self._extent = 0
        self._earliest, self._latest = _EARLIEST, 0

    def _finish_chunk(self) -> None:
        # A span's times are whatever its program says.
        earliest, latest = nanoseconds(self._earliest), nanoseconds(self._latest)
        summary = Summary(self._sequence, self._extent >> 32, earliest, latest)
        self._full.append(Batch(summary, self._position - self._first, chunk=self._chunk))
        self._clear_chunk()

    # For the writer

    def take(self, *, include_current: bool) -> list[Batch]:
        """What is to be written, by sequence: what is full, and at the caller's wish what gathers.

        What gathers under a lesser number than something full comes along, so that what is in the
        segments is always the beginning of what will be.
        """
        with self.lock:
            full, self._full = self._full, []
            for large in self._large.take():
                full.append(Batch(large.summary, len(large.block), large=large))
            last = max((batch.summary.sequence for batch in full), default=-1)
            if self._chunk >= 0 and (include_current or self._sequence < last):
                self._finish_chunk()
                full += self._full
                self._full = []
        return sorted(full, key=lambda batch: batch.summary.sequence)

    def last_words(self, stored_drops: tuple[int, ...]) -> list[Batch]:
        """What a recorder that ends has still to say: the spans that are open, of which nothing
        more will be heard, and what was lost since the last block."""
        entries = []
        earliest, latest = _EARLIEST, 0
        now = clocks.realtime()
        last_seen = delimited(b"J", _LAST_SEEN + delimited(b"", b"\x18" + varint(now)))
        for content in self.slots.contents():
            entries.append(delimited(b"\x12", content + last_seen))
            start = start_of(content)
            earliest, latest = min(earliest, start), max(latest, start)
        if not entries and stored_drops == self.drops:
            return []
        content = b"".join(entries)
        summary = Summary(next(self._sequences), len(entries), earliest, latest)
        return [Batch(summary, len(content), entries=content)]

    def block(self, batch: Batch, drops: tuple[int, ...], compressor: Compressor | None) -> bytes:
        """The block of a batch that was taken."""
        if batch.large:
            return batch.large.block
        entries = batch.entries
        if batch.chunk is not None:
            first = self._chunk_offset(batch.chunk) + at.ENTRIES
            entries = self._bytes[first : first + batch.byte_count]
        return self._sealer.sealed(entries, batch.summary, drops, compressor)

    def release(self, batch: Batch) -> None:
        """Makes room again, once the block of a batch is durable."""
        with self.lock:
            if batch.large:
                self._large.release(batch.large)
            if batch.chunk is not None:
                word = self._chunk_offset(batch.chunk) // 8
                self._words[word + at.CHUNK_EXTENT] = 0
                self._words[word + at.CHUNK_SEQUENCE] = 0
                self._words[word + at.CHUNK_USE] += 1
                self._free_chunks.append(batch.chunk)

    def _chunk_offset(self, index: int) -> int:
        return self._layout.chunks_offset + index * self._layout.chunk_byte_count

    def give_up(self, batch: Batch) -> None:
        """Counts what is lost with a batch that was never written: a large span whose file could
        not be made. Everything else stays in the spool."""
        if batch.large and not batch.large.has_file:
            self.count(Drop.WRITE_FAILED)

    def beat(self) -> None:
        """Tells readers when the recorder was last alive."""
        now = clocks.boottime()
        offset = clocks.realtime() - now
        self._words[at.CLOCK_OFFSET // 8] = offset & 0xFFFF_FFFF_FFFF_FFFF
        self._words[at.LAST_SEEN_BOOTTIME // 8] = now

    # What is lost

    def count(self, reason: Drop) -> None:
        """Counts a loss where readers of the spool, and of the next block, find it."""
        with self.lock:
            self._words[at.DROPS // 8 + reason] += 1

    @property
    def drops(self) -> tuple[int, ...]:
        """What was lost so far, in the order of `Drop`."""
        first = at.DROPS // 8
        return tuple(self._words[first : first + DROP_COUNT])

    # The end

    def close(self) -> None:
        """Refuses spans from now on. What was taken before is in a chunk when this returns."""
        with self.lock:
            if self._chunk >= 0:
                self._finish_chunk()
            self._is_closed = True

    def remove(self) -> None:
        """Removes the file, of which everything is in blocks."""
        remove_file(self._mapping.path)
        self._mapping.unlock()

    def leave_to_parent(self) -> None:
        """Lets go of what a forked child has inherited."""
        self._mapping.unlock()

    @property
    def is_held_by_this_thread(self) -> bool:
        """Whether the caller interrupts a span that is just ending, and so must not wait for it."""
        return self._is_busy and self.lock._is_owned()  # type: ignore[attr-defined]
