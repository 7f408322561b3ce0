"""Which records are the spans of the traces of an archive."""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Iterator
from typing import NamedTuple

import lmdb

from .chunks import payload_of
from .messages import MalformedError, fields, members, packed
from .recency import RecentlyUsed

__all__ = ["ArchivedTraces", "ChangedSpan", "Place", "TracePart", "trace_ids"]

_TRACE_ID = 9
_BYTE_COUNT_MAX = 64 << 20
# What Python adds to the bytes of an entry.
_ENTRY_BYTE_COUNT = 50
_MASK = 2**64 - 1


class Place(NamedTuple):
    """Where a record stands: the number of its block, and its place among the spans of that."""

    block: int
    place: int


class ChangedSpan(NamedTuple):
    """A span that was joined of several records, or that the merge changed."""

    records: list[Place]
    """In the order in which they count."""
    span_id: bytes | None
    """``None`` if it is what the records say."""
    parent_span_id: bytes | None
    """The same; zeros for none."""
    attributes: list[bytes]
    """Those that it gets."""


class TracePart(NamedTuple):
    """A part of a trace."""

    recorded: list[Place]
    """The spans that are as they were recorded."""
    changed: list[ChangedSpan]


class ArchivedTraces:
    """The table ``traces``, of which the chunks that were used last stay in memory."""

    def __init__(self, cursor: lmdb.Cursor) -> None:
        self._cursor = cursor
        self._chunks: RecentlyUsed[bytes, _Chunk] = RecentlyUsed(_BYTE_COUNT_MAX, self._load)

    def parts(self, trace_id: bytes) -> Iterator[TracePart]:
        """The parts of a trace; none if it is not there.

        Raises `MalformedError` if a chunk is not what was written.
        """
        place = _scrambled(trace_id).to_bytes(8, "big") + trace_id
        key = place + bytes(4)
        # What a key leads to is in the first chunk whose key is not less, and may go on in the next.
        while self._cursor.set_range(key):
            last = bytes(self._cursor.key())
            for entry in self._chunks[last].entries_of(trace_id):
                yield _part(entry)
            if not last.startswith(place):
                return
            key = last + b"\0"

    def _load(self, key: bytes) -> _Chunk:
        # The cursor stands at the chunk that is asked for.
        return _Chunk(payload_of(bytes(self._cursor.value())))


def trace_ids(index: lmdb.Cursor) -> Iterator[bytes]:
    """The ids of all traces by the table ``index``: in the order of their starts."""
    for _, value in index:
        for summary in members(payload_of(bytes(value)), 1):
            yield _id(summary, _TRACE_ID)


class _Chunk:
    """Parts of traces, in the order of their places."""

    def __init__(self, payload: bytes) -> None:
        self._entries = list(members(payload, 1))
        self._order = array("Q", (_scrambled(_id(entry, 1)) for entry in self._entries))
        self.byte_count = len(payload) + _ENTRY_BYTE_COUNT * len(self._entries)

    def entries_of(self, trace_id: bytes) -> Iterator[bytes]:
        order = _scrambled(trace_id)
        place = bisect.bisect_left(self._order, order)
        while place < len(self._order) and self._order[place] == order:
            if _id(self._entries[place], 1) == trace_id:
                yield self._entries[place]
            place += 1


def _part(entry: bytes) -> TracePart:
    part = TracePart([], [])
    for number, value in fields(entry):
        if number == 3:
            part.recorded.extend(_places(value))
        elif number == 4:
            part.changed.append(_changed(value))
    return part


def _changed(message: int | bytes) -> ChangedSpan:
    if not isinstance(message, bytes):
        raise MalformedError
    records: list[Place] = []
    found: dict[int, bytes] = {}
    attributes = []
    for number, value in fields(message):
        if not isinstance(value, bytes):
            raise MalformedError
        if number == 1:
            records.extend(_places(value))
        elif number == 4:
            attributes.append(value)
        else:
            found[number] = value
    if not records or any(len(found.get(number, bytes(8))) != 8 for number in (2, 3)):
        raise MalformedError
    return ChangedSpan(records, found.get(2), found.get(3), attributes)


def _places(value: int | bytes) -> Iterator[Place]:
    if not isinstance(value, bytes):
        raise MalformedError
    numbers = packed(value)
    if len(numbers) % 2:
        raise MalformedError
    pairs = iter(numbers)
    return map(Place, pairs, pairs)


def _id(message: bytes, number: int) -> bytes:
    trace_id = next(members(message, number), b"")
    if len(trace_id) != 16:
        raise MalformedError
    return trace_id


def _scrambled(trace_id: bytes) -> int:
    """SplitMix64's finalizer of the last half, which traces are ordered by."""
    x = int.from_bytes(trace_id[8:], "big")
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & _MASK
    return x ^ (x >> 31)
