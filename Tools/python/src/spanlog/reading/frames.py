"""Spans as a table."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import ReadableSpan

from .archived_spans import ArchivedSpan
from .archives import Times
from .spans import read_spans

if TYPE_CHECKING:
    import pandas

__all__ = ["read_frame"]


def read_frame(
    source: str | os.PathLike[str] | Iterable[ReadableSpan], *, times: Times = "aligned"
) -> pandas.DataFrame:
    """A row for each span of a store or an archive, or of spans that are there already.

    ``start`` and ``end`` are times of UTC in nanoseconds, ``duration`` is a ``Timedelta``; both of
    the latter are ``NaT`` for a span that never ended. Those of an archive are by aligned clocks
    unless ``times`` is ``"raw"``, and ``clock_bound`` is how far off the start may be then, a
    ``Timedelta`` that is ``NaT`` where nobody knows. Needs pandas (``pip install spanlog[pandas]``).
    """
    import pandas

    spans = read_spans(source, times=times) if isinstance(source, (str, os.PathLike)) else source
    frame = pandas.DataFrame([_row(span) for span in spans], columns=_COLUMNS, dtype=object)
    for column in ("start", "end"):
        numbers = _nanoseconds(frame[column])
        frame[column] = numbers.astype("datetime64[ns]").dt.tz_localize("UTC")
    frame["clock_bound"] = _nanoseconds(frame["clock_bound"]).astype("timedelta64[ns]")
    frame.insert(frame.columns.get_loc("end") + 1, "duration", frame["end"] - frame["start"])
    return frame.infer_objects()


def _nanoseconds(column: pandas.Series[Any]) -> pandas.Series[int]:
    """Whole numbers, as floats would round them; what there is none of, or beyond the year 2262, is
    the one that stands for ``NaT``."""
    numbers = [
        _NAT if number is None or number > _NANOSECONDS_MAX else number for number in column
    ]
    return column.__class__(numbers, index=column.index, dtype="int64")


_NANOSECONDS_MAX, _NAT = 2**63 - 1, -(2**63)
_COLUMNS = [
    "trace_id", "span_id", "parent_span_id", "name", "kind", "service", "start", "end",
    "clock_bound", "status", "message", "attributes", "events", "links", "resource",
]  # fmt: skip


def _row(span: ReadableSpan) -> list[Any]:
    context, parent = span.context, span.parent
    assert context is not None
    clock = span.clock if isinstance(span, ArchivedSpan) else None
    resource = dict(span.resource.attributes)
    return [
        f"{context.trace_id:032x}",
        f"{context.span_id:016x}",
        f"{parent.span_id:016x}" if parent else None,
        span.name,
        span.kind.name,
        resource.get("service.name"),
        span.start_time,
        span.end_time,
        clock.bound if clock else None,
        span.status.status_code.name,
        span.status.description,
        dict(span.attributes or {}),
        [(event.name, event.timestamp, dict(event.attributes or {})) for event in span.events],
        [(f"{link.context.trace_id:032x}", f"{link.context.span_id:016x}") for link in span.links],
        resource,
    ]
