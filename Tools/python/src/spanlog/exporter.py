"""OpenTelemetry's exporter interface."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from .options import RecorderOptions
from .processor import SpanLogProcessor

__all__ = ["SpanLogExporter"]


class SpanLogExporter(SpanExporter):
    """Records spans that somebody else has gathered.

    `SpanLogProcessor` is better wherever it can be used: it knows spans from their start, and what
    waits in a ``BatchSpanProcessor`` is lost with the process. Use this one with a
    ``SimpleSpanProcessor``, or where a program takes an exporter only.
    """

    def __init__(
        self, store: str | os.PathLike[str] | None = None, *,
        resource: Mapping[str, Any] | None = None, options: RecorderOptions | None = None,
    ) -> None:  # fmt: skip
        """Opens the store; without ``store``, that of the environment variable SPANLOG_DIR.

        Raises `SpanLogError` with a text that says what to do.
        """
        self._processor = SpanLogProcessor(store, resource=resource, options=options)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Records the spans. They survive the process when this returns."""
        before = self._processor.dropped_span_count
        for span in spans:
            self._processor.on_end(span)
        is_complete = self._processor.dropped_span_count == before
        return SpanExportResult.SUCCESS if is_complete else SpanExportResult.FAILURE

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Returns whether everything exported so far is durable."""
        return self._processor.force_flush(timeout_millis)

    def shutdown(self) -> None:
        """Makes everything durable, and records nothing any more."""
        self._processor.shutdown()
