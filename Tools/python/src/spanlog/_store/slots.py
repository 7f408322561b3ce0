"""The spans that are open, in a spool's table."""

from __future__ import annotations

from collections.abc import Iterator

from . import layout as at
from .mapping import SpoolMapping

__all__ = ["NO_SLOT", "Slot", "Slots"]

# A slot in use: the number of its first word in the file, and what that word says while the span is
# open. The states follow each other as numbers do: free, a use later open, ending, and free again.
Slot = tuple[int, int]
NO_SLOT: Slot | None = None


class Slots:
    """A span that is here survives the process as unfinished. Spans begin without a lock."""

    def __init__(self, mapping: SpoolMapping) -> None:
        layout = mapping.layout
        self._bytes = mapping.bytes
        self._words = mapping.words
        first, step = layout.slots_offset // 8, at.SLOT_BYTE_COUNT // 8
        self._all = range(first, first + layout.slot_count * step, step)
        self._unused = iter(self._all)
        self.free: list[Slot] = []
        """Those that were used before, each with what its word says."""

    def open(self, content: bytes) -> Slot | None:
        """Keeps the fields of a span that starts, at most `SLOT_CONTENT_MAX` bytes, or returns
        `NO_SLOT` if the table is full."""
        try:
            word, free = self.free.pop()
        except IndexError:
            free = 0
            word = next(self._unused, 0)
            if not word:
                return NO_SLOT
        offset = (word << 3) + at.SLOT_CONTENT
        count = len(content)
        self._bytes[offset : offset + count] = content
        words = self._words
        words[word + 1] = count
        words[word] = use = free + at.SLOT_NEXT_USE + at.SLOT_OPEN
        return word, use

    def update(self, slot: Slot, old: bytes, new: bytes, keep: int) -> None:
        """Puts other fields in place of ``old``, whose first ``keep`` bytes stay in any case.

        The caller holds the spool's lock, and knows that the span is open.
        """
        word, _ = slot
        offset = (word << 3) + at.SLOT_CONTENT
        if new.startswith(old):
            keep = len(old)
        else:
            self._words[word + 1] = keep
        self._bytes[offset + keep : offset + len(new)] = new[keep:]
        self._words[word + 1] = len(new)

    def begin_end(self, slot: Slot) -> None:
        """Says that the span may be among those that have ended."""
        word, use = slot
        self._words[word] = use + 1

    def release(self, slot: Slot) -> None:
        """Makes the slot free for another span."""
        word, use = slot
        self._words[word] = use - 1
        self.free.append((word, use - 1))

    def contents(self) -> Iterator[bytes]:
        """The fields of the spans that are open."""
        for word in self._all:
            if self._words[word] & at.SLOT_STATE_MASK == at.SLOT_OPEN:
                offset = (word << 3) + at.SLOT_CONTENT
                yield self._bytes[offset : offset + self._words[word + 1]]
