"""The wall clock of one boot with its steps undone."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["TIME_MAX", "Piece", "Seal", "Shift", "moved", "shift_of"]

# Times come from files that may be forged, so each is brought below this before anything is computed.
TIME_MAX = 2**62 - 1
_UINT64_MAX = 2**64 - 1
# The start of a span and the anchor are read from the same clock at different times.
_SEAL_SLACK = 1_000_000
# A recorder seals five times a second, unless the disk hangs.
_SEAL_DELAY = 10_000_000_000
# A thread may lose its core between reading the clock and handing over the span.
_APPEND_DELAY = 250_000_000
_NONE, _SEALED_LATE, _NEVER = range(3)


class Piece(NamedTuple):
    """A time without a step: its first and last anchor since boot, the wall clock minus that, and
    what is added to wall times of it."""

    first: int
    last: int
    offset: int
    shift: int


class Seal(NamedTuple):
    """When a span's block was sealed since boot, and the one in front of it; ``None`` if nobody
    knows."""

    own: int | None = None
    before: int | None = None


class Shift(NamedTuple):
    """What brings both times of a span onto the unstepped line, and how far off that may be if the
    clock was set close to the span's start."""

    nanoseconds: int = 0
    ambiguity: int = 0


class _Fit(NamedTuple):
    """How well a span fits a piece; less is better."""

    doubt: int
    outside: int
    until_sealed: int


def moved(time: int, offset: int) -> int:
    """A time moved by ``offset``, never before 0."""
    return min(max(time + offset, 0), _UINT64_MAX)


def shift_of(pieces: list[Piece], start: int, end: int, seal: Seal) -> Shift:
    """What is to be added to both times of a span so that they lie on the unstepped line.

    After a step back the same wall times pass twice. A piece can be meant if the span would have
    started after the last anchor of the piece before and before the first one of the piece after,
    and ended before its block was sealed, but not long before, nor before the block in front of it
    was. Of several, the one is chosen to whose anchors the start is closest; of those, the one with
    the end closest to the sealing; and without anything else to go by, the later one.
    """
    if len(pieces) < 2:
        return Shift(pieces[0].shift if pieces else 0)
    start = min(start, TIME_MAX)
    last = max(start, min(end, TIME_MAX))
    seal = Seal(*(None if time is None else min(time, TIME_MAX) for time in seal))
    fits = [_fit(pieces, place, start, last, seal) for place in range(len(pieces))]
    best, place = min((fit, -place) for place, fit in enumerate(fits))
    chosen = pieces[-place]
    ambiguity = 0
    if best.doubt != _NEVER:
        alike = (piece for piece, fit in zip(pieces, fits, strict=True) if fit.doubt == best.doubt)
        ambiguity = max(abs(piece.shift - chosen.shift) for piece in alike)
    return Shift(chosen.shift, min(ambiguity, _UINT64_MAX))


def _fit(pieces: list[Piece], place: int, start: int, end: int, seal: Seal) -> _Fit:
    piece = pieces[place]
    started = start - piece.offset
    outside = max(0, piece.first - started, started - piece.last)
    is_possible = (place == 0 or started >= pieces[place - 1].last) and (
        place == len(pieces) - 1 or started <= pieces[place + 1].first
    )
    ended = end - piece.offset
    left = 0 if seal.own is None else seal.own - ended
    missed = 0 if seal.before is None else seal.before - ended
    if not is_possible or left < -_SEAL_SLACK:
        doubt = _NEVER
    else:
        doubt = _SEALED_LATE if left > _SEAL_DELAY or missed > _APPEND_DELAY else _NONE
    return _Fit(doubt, outside, max(0, left))
