"""MLflow's spans into a store."""

from __future__ import annotations

import base64
import logging
import os
import time
from collections.abc import Iterable
from typing import Any

from mlflow.entities.span import create_mlflow_span
from mlflow.entities.trace_info import TraceInfo
from mlflow.entities.trace_location import TraceLocation
from mlflow.entities.trace_state import TraceState
from mlflow.tracing.config import get_config
from mlflow.tracing.fluent import _set_last_active_trace_id
from mlflow.tracing.processor.base_mlflow import BaseMlflowSpanProcessor
from mlflow.tracing.provider import provider
from mlflow.tracing.utils import encode_span_id, generate_mlflow_trace_id_from_otel_trace_id
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, TraceFlags

from .._otlp.spans import attribute_items
from ..processor import SpanLogProcessor
from . import vocabulary as words
from .traces import Traces

try:
    from mlflow.tracing.context import get_configured_trace_metadata, get_configured_trace_tags
except ImportError:  # MLflow before `mlflow.tracing.context`.

    def get_configured_trace_metadata() -> Any:
        return None

    def get_configured_trace_tags() -> Any:
        return None


__all__ = ["MlflowProcessor"]

_logger = logging.getLogger("spanlog")

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class MlflowProcessor(BaseMlflowSpanProcessor):  # type: ignore[misc]
    """Takes the place of the processor that sends spans to a tracking server.

    Each span is recorded when it ends, in the thread that ends it, by what the span itself says: so
    it does not matter whether MLflow still knows the trace then. What was said about the trace as a
    whole (tags, session, user, metadata, previews, assessments) goes with the next span that ends,
    on services that only join a trace as well.
    """

    def __init__(self, spans: SpanLogProcessor) -> None:
        self._spans = spans
        spans.translate = _open_attributes
        Traces.shared().on_leftover = self.record_statements
        os.register_at_fork(after_in_child=lambda: Traces.shared().forget_parent())
        super().__init__(_Exporter(spans), export_metrics=False)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Makes the span known to the store and to MLflow."""
        self._spans.on_start(span, parent_context)
        try:
            self._register(span)
        except Exception:  # The span is recorded all the same, when it ends.
            _logger.debug("MLflow does not know a span.", exc_info=True)

    def _register(self, span: Span) -> None:
        traces = Traces.shared()
        otel_trace_id = span.context.trace_id
        if span.parent is None:
            trace_id = self._start_trace(span).trace_id
        else:
            trace_id = traces.get_mlflow_trace_id_from_otel_id(otel_trace_id)
            trace_id = trace_id or generate_mlflow_trace_id_from_otel_trace_id(otel_trace_id)
            traces.hold(otel_trace_id, trace_id)
            if span.parent.is_remote:
                self._apply_scope(traces, trace_id)
        traces.register_span(create_mlflow_span(span, trace_id))

    def _start_trace(self, root_span: Span) -> TraceInfo:
        """Makes the trace of a root known, and so holds it until the root ends."""
        info = TraceInfo(
            trace_id=generate_mlflow_trace_id_from_otel_trace_id(root_span.context.trace_id),
            # Which experiment it goes to, the export says.
            trace_location=TraceLocation.from_experiment_id(None),
            request_time=(root_span.start_time or 0) // 1_000_000,
            execution_duration=None,
            state=TraceState.IN_PROGRESS,
            trace_metadata=self._get_basic_trace_metadata(),
            tags=self._get_basic_trace_tags(root_span),
        )
        Traces.shared().register_trace(root_span.context.trace_id, info)
        return info

    @staticmethod
    def _apply_scope(traces: Traces, trace_id: str) -> None:
        """Gives a trace that was joined what ``mlflow.tracing.context`` says, as a root gets it."""
        metadata, tags = get_configured_trace_metadata(), get_configured_trace_tags()
        if not metadata and not tags:
            return
        with traces.get_trace(trace_id) as trace:
            if trace is not None:
                trace.info.trace_metadata.update(metadata or {})
                trace.info.tags.update(tags or {})

    def on_end(self, span: ReadableSpan) -> None:
        """Records the span. It survives the process when this returns."""
        if span.context is None:
            return
        traces = Traces.shared()
        otel_trace_id = span.context.trace_id
        trace_id = generate_mlflow_trace_id_from_otel_trace_id(otel_trace_id)
        try:
            said = traces.said(otel_trace_id)
            self._spans.record_all(span, _attributes(span) + said)
            live = traces.forget_span(trace_id, encode_span_id(span.context.span_id))
            for attachment in getattr(live, "_attachments", {}).values():
                self._record_attachment(span, attachment)
        except Exception:
            _logger.exception("A span could not be recorded.")
        if span.parent is None:
            _set_last_active_trace_id(trace_id)
        traces.pop_trace(otel_trace_id)

    def _record_attachment(self, span: ReadableSpan, attachment: Any) -> None:
        content = base64.b64encode(attachment.content_bytes).decode()
        attributes = [
            (words.ATTACHMENT_ID, attachment.id),
            (words.ATTACHMENT_CONTENT_TYPE, attachment.content_type),
            (words.ATTACHMENT_CONTENT, content),
        ]
        assert span.context is not None
        self._record_note(span.context, attributes, span)

    def record_statements(self, otel_trace_id: int, attributes: list[tuple[str, Any]]) -> None:
        """Records what is said about a trace none of whose spans will end here any more."""
        about = SpanContext(otel_trace_id, 0, is_remote=False, trace_flags=_SAMPLED)
        self._record_note(about, attributes)

    def _record_note(
        self, about: SpanContext, attributes: list[tuple[str, Any]], like: ReadableSpan | None = None
    ) -> None:
        """Records a span that stands for no work, and says something about its trace now."""
        now = time.time_ns()
        tracer_provider = provider.get()
        span_id = tracer_provider.id_generator.generate_span_id()
        context = SpanContext(about.trace_id, span_id, is_remote=False, trace_flags=_SAMPLED)
        note = ReadableSpan(
            words.NOTE_NAME,
            context=context,
            parent=about if about.span_id else None,
            resource=like.resource if like else tracer_provider.resource,
            start_time=now,
            end_time=now,
        )
        self._spans.record_all(note, attributes)

    def shutdown(self) -> None:
        """Makes everything durable. MLflow may go on with another provider, so nothing is
        closed."""
        self._spans.force_flush()

    def force_flush(self, timeout_millis: float = 30_000) -> bool:
        """Returns whether everything that has ended is durable."""
        return self._spans.force_flush(int(timeout_millis))


class _Exporter(SpanExporter):
    """What MLflow finds where it looks for the exporter: its calls that wait for the server wait
    for the disk."""

    def __init__(self, spans: SpanLogProcessor) -> None:
        self._spans = spans
        self._async_queue = self

    def export(self, spans: Iterable[ReadableSpan]) -> SpanExportResult:
        for span in spans:
            self._spans.record_all(span, _attributes(span))
        return SpanExportResult.SUCCESS

    def flush(self, terminate: bool = False) -> None:
        self._spans.force_flush()

    def shutdown(self) -> None:
        self._spans.force_flush()


def _attributes(span: ReadableSpan) -> list[tuple[str, Any]]:
    scope = span.instrumentation_scope
    is_mlflow = scope is None or scope.name.startswith("mlflow")
    items = words.decoded(attribute_items(span._attributes), is_all_json=is_mlflow)
    if not is_mlflow and scope is not None:
        items.append(("otel.scope.name", scope.name))
        if scope.version:
            items.append(("otel.scope.version", scope.version))
    return items


def _open_attributes(items: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, Any]]:
    """What is kept of the attributes of a span that is open."""
    # A processor that a user has configured may redact, and has not seen the span yet.
    if get_config().span_processors:
        return ()
    return words.decoded(items, is_all_json=True)
