"""Why a span, or a part of it, is lost: the counters of a block's header, in its order."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Drop"]


class Drop(IntEnum):
    """A reason to lose a span."""

    BUFFER_FULL = 0
    WRITE_FAILED = 1
    TOO_LARGE = 2
    AFTER_SHUTDOWN = 3
    # Nothing is lost unless the process dies before the span ends.
    OPEN_TABLE_FULL = 4
    # The span is stored, without its content.
    REDACTION_FAILED = 5


DROP_COUNT = len(Drop)
