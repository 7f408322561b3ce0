"""The clocks of this host."""

from __future__ import annotations

import time
from typing import NamedTuple

__all__ = ["Anchor", "anchor", "boot_id", "boottime", "realtime"]

_UNKNOWN_BOOT = bytes(16)


class Anchor(NamedTuple):
    """Two clocks read together, in nanoseconds, and how far apart the readings may be."""

    realtime: int
    boottime: int
    uncertainty: int


def realtime() -> int:
    """Nanoseconds since 1970 by the wall clock, which may be stepped."""
    return time.time_ns()


def boottime() -> int:
    """Nanoseconds since boot, suspension included, by a clock that is never stepped."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def anchor() -> Anchor:
    """Both clocks read together."""
    before = boottime()
    wall = realtime()
    after = boottime()
    return Anchor(wall, before + (after - before) // 2, after - before)


def boot_id() -> bytes:
    """The 16 bytes of the kernel's boot id, or zeros where the kernel does not tell it."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            value = bytes.fromhex(file.read().strip().replace("-", ""))
    except (OSError, ValueError):
        return _UNKNOWN_BOOT
    return value if len(value) == 16 else _UNKNOWN_BOOT
