"""Spans as a table."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import ReadableSpan

from .archives import ArchivedSpan, Times
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
    frame = pandas.DataFrame([_row(span) for span in spans], columns=_COLUMNS)
    for column in ("start", "end"):
        frame[column] = pandas.to_datetime(frame[column], unit="ns", utc=True)
    frame["clock_bound"] = pandas.to_timedelta(frame["clock_bound"], unit="ns")
    frame.insert(frame.columns.get_loc("end") + 1, "duration", frame["end"] - frame["start"])
    return frame


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
