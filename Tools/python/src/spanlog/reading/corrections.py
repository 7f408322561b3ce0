"""How the clocks of hosts are corrected, as an archive says it."""

from __future__ import annotations

import bisect
import math
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from .clock_lines import TIME_MAX, Piece, Seal, moved, shift_of
from .messages import MalformedError, fields, members, signed

__all__ = ["Correction", "CorrectedTimes", "SpanClock", "corrections_of"]

_PIECES_MAX = 256
_LIMIT = float(2**62)


class SpanClock(NamedTuple):
    """How the times of a span were corrected."""

    domain: str
    """Whose clock the recorder went by: ``boot:`` and the boot's id, or ``instance:`` and a name."""
    method: str
    """How the correction came about: ``bounded``, for one."""
    offset: int
    """What was added to the recorded start, in nanoseconds."""
    bound: int | None
    """How far off the start may be against the archive's reference, in nanoseconds, or ``None`` if
    nobody knows."""


class Knot(NamedTuple):
    """A moment on the unstepped line, what is added then, and how far off that may be."""

    time: int
    offset: int
    bound: int


class CorrectedTimes(NamedTuple):
    """The times of a span and of its events, and how they came about."""

    start: int
    end: int
    events: list[int]
    clock: SpanClock


class Correction(NamedTuple):
    """What is added to the times of one clock domain."""

    domain: str
    method: str
    is_bounded: bool
    is_bounded_in_frame: bool
    pieces: list[Piece]
    knots: list[Knot]
    drift_ppm: float
    residual_drift_ppm: float

    def corrected(self, start: int, end: int, events: list[int], seal: Seal) -> CorrectedTimes:
        """Corrects the times of a span. ``end`` is 0 if it never ended, and a time of 0 stays."""
        shift = shift_of(self.pieces, start, end, seal)
        first = moved(start, shift.nanoseconds)
        new_start = moved(first, self.offset(first))
        bound = self.bound(first)
        if bound is not None:
            bound = min(bound + shift.ambiguity, 2**64 - 1)
        offset = min(max(new_start - start, -TIME_MAX), TIME_MAX)
        return CorrectedTimes(
            new_start,
            max(new_start, self._moved(end, shift.nanoseconds)) if end else 0,
            [self._moved(time, shift.nanoseconds) if time else 0 for time in events],
            SpanClock(self.domain, self.method, offset, bound),
        )

    def _moved(self, time: int, shift: int) -> int:
        unstepped = moved(time, shift)
        return moved(unstepped, self.offset(unstepped))

    def offset(self, unstepped: int) -> int:
        """What is added to a time on the unstepped line, in nanoseconds."""
        time = min(unstepped, TIME_MAX)
        if not self.knots:
            return 0
        left, right = self._around(time)
        if left is right:
            change = _rounded(float(time - left.time) * self.drift_ppm / 1e6)
        else:
            before = float(time - left.time)
            share = before / (before - float(time - right.time))
            change = _rounded(float(right.offset - left.offset) * share)
        return min(max(left.offset + change, -TIME_MAX), TIME_MAX)

    def bound(self, unstepped: int) -> int | None:
        """How far off a corrected time may be against the clock of the archive's reference, or
        ``None`` if nobody knows."""
        if not self.is_bounded or not self.is_bounded_in_frame:
            return None
        time = min(unstepped, TIME_MAX)
        if not self.knots:
            return 0
        left, right = self._around(time)
        if left is right:
            widening = abs(float(time - left.time)) * self.residual_drift_ppm / 1e6
            return max(0, _rounded(float(left.bound) + widening))
        before, after = float(time - left.time), -float(time - right.time)
        straight = (float(left.bound) * after + float(right.bound) * before) / (before + after)
        # The truth is right at both knots, and in between as far from straight as drift allows.
        bend = 2 * self.residual_drift_ppm / 1e6 * before * after / (before + after)
        return max(0, _rounded(straight + bend))

    def _around(self, time: int) -> tuple[Knot, Knot]:
        """The knots before and after a time, or twice the one at the end beyond which it lies."""
        knots = self.knots
        if time <= knots[0].time:
            return knots[0], knots[0]
        if time >= knots[-1].time:
            return knots[-1], knots[-1]
        place = bisect.bisect_right(knots, time, key=lambda knot: knot.time)
        return knots[place - 1], knots[place]


def corrections_of(message: bytes) -> Mapping[str, Correction]:
    """The corrections by clock domain.

    Raises `MalformedError` if the bytes are none. Numbers that make no sense are taken over.
    """
    corrections = (_correction(domain) for domain in members(message, 3))
    return {correction.domain: correction for correction in corrections}


def _correction(message: bytes) -> Correction:
    found: dict[int, Any] = {}
    pieces, knots = [], []
    for number, value in fields(message):
        if number == 6 and isinstance(value, bytes):
            pieces.append(_piece(value))
        elif number == 7 and isinstance(value, bytes):
            knots += _knots(value)
        else:
            found[number] = value
    if not isinstance(found.get(1), bytes) or len(pieces) > _PIECES_MAX:
        raise MalformedError
    return Correction(
        domain=found[1].decode(errors="replace"),
        method=bytes(found.get(2, b"")).decode(errors="replace"),
        is_bounded=found.get(4) == 1,
        is_bounded_in_frame=found.get(5) == 1,
        pieces=pieces,
        knots=knots,
        drift_ppm=_double(found.get(8, 0)),
        residual_drift_ppm=_double(found.get(9, 0)),
    )


def _piece(message: bytes) -> Piece:
    found = {number: signed(value) for number, value in fields(message) if isinstance(value, int)}
    return Piece(*(found.get(number, 0) for number in range(1, 5)))


def _knots(message: bytes) -> list[Knot]:
    """A knot ends with its bound; time and offset say how they differ from the knot before."""
    knots = []
    time = offset = 0
    for number, value in fields(message):
        if not isinstance(value, int):
            raise MalformedError
        if number == 1:
            time = _wrapped(time + signed(value))
        elif number == 2:
            offset = _wrapped(offset + signed(value))
        elif number == 3:
            knots.append(Knot(time, offset, value))
    return knots


def _wrapped(number: int) -> int:
    """The number as 64 bits with a sign hold it."""
    return (number + 2**63) % 2**64 - 2**63


def _double(bits: Any) -> float:
    if not isinstance(bits, int):
        raise MalformedError
    value: float = struct.unpack("<d", bits.to_bytes(8, "little"))[0]
    return value


def _rounded(value: float) -> int:
    """The nearest whole number, halves away from zero; what is no number becomes 0."""
    if math.isnan(value):
        return 0
    value = max(-_LIMIT, min(_LIMIT, value))
    whole = math.trunc(value)
    if abs(value - whole) >= 0.5:
        whole += 1 if value > 0 else -1
    return whole
