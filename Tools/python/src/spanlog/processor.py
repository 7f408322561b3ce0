"""OpenTelemetry's spans into a store, from their start on."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext

from ._otlp.spans import ATTRIBUTES, NAMES, attribute_items, span_head, span_tail
from ._otlp.values import attribute_fields
from ._store.directory import open_for_writing
from ._store.drops import Drop
from ._store.layout import SLOT_CONTENT_MAX
from ._store.slots import NO_SLOT, Slot
from ._store.spool import Spool
from .errors import SpanLogError
from .options import RecorderOptions
from .recorder import Recorder, resolved_store

__all__ = ["SpanLogProcessor"]

_logger = logging.getLogger("spanlog")

Items = Iterable[tuple[str, Any]]

_RETRY_SECONDS = 5.0
_COMPLAINT_SECONDS = 60.0
_SCOPES_MAX = 1024
# Of so many open spans, the oldest, what was set after their start is kept up to date.
_REFRESHED_MAX = 256
_SAMPLED = 1


# An open span: its spool and slot, the fields that it started with, its name then, what the slot
# holds, and the span itself. A tuple, since making an object takes longer.
_OpenSpan = tuple[Spool, Slot, bytes, str, bytes, Span]


class SpanLogProcessor(SpanProcessor):
    """Records every sampled span of a ``TracerProvider`` into a store.

    ::

        provider = TracerProvider(resource=Resource.create({"service.name": "planner"}))
        provider.add_span_processor(SpanLogProcessor("spans"))

    A span that has ended survives the process as soon as ``end()`` returns, whatever ends the
    process. One that is open then is there as unfinished, with the attributes that it had about 0.2
    s before, as far as they are short. Nothing waits for the disk, and nothing of this ever raises
    into the service: what cannot be recorded is counted in the store, or logged once if there is no
    store.
    """

    def __init__(
        self, store: str | os.PathLike[str] | None = None, *,
        resource: Mapping[str, Any] | None = None, options: RecorderOptions | None = None,
    ) -> None:  # fmt: skip
        """Opens the store; without ``store``, that of the environment variable SPANLOG_DIR.

        Of the resource, what is said here wins over what the provider says. Raises `SpanLogError`
        with a text that says what to do.
        """
        self.store = resolved_store(store)
        open_for_writing(self.store)
        self._attributes = dict(resource or {})
        self._options = options
        # A signal handler may start a span while the same thread makes a recorder: it makes
        # another.
        self._lock = threading.RLock()
        # A provider has one resource, so there is one recorder as a rule.
        self._recorders: list[tuple[Resource, Recorder]] = []
        self._retry_time = 0.0
        self._complaint_time = 0.0
        # Replaced as one, so that no thread sees half of it.
        self._current: tuple[Resource | None, Spool | None] = (None, None)
        self._scope: tuple[InstrumentationScope | None, bytes] = (None, b"")
        self._scopes: dict[InstrumentationScope, bytes] = {}
        self._open: dict[int, _OpenSpan] = {}
        self.translate: Callable[[Items], Items] | None = None
        """Says what is recorded of the attributes of a span that is still open."""

    # Spans

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Keeps the span as one that is open."""
        try:
            # A tuple: trace_id, span_id, is_remote, trace_flags and so on.
            context: SpanContext = span._context  # type: ignore
            if not context[3] & _SAMPLED:
                return
            resource, spool = self._current
            if resource is not span._resource:
                spool = self._spool(span.resource)
            if spool is None:
                return
            name = span._name
            fields = content = span_head(span) + NAMES[name]
            try:
                is_plain = not span._attributes._dict  # type: ignore[union-attr]
            except AttributeError:
                is_plain = False
            if not is_plain or len(content) > SLOT_CONTENT_MAX:
                content = self._open_content(fields, name, span)
            # Whoever forgets to end spans fills the table, and no memory beyond that.
            if slot := spool.slots.open(content):
                self._open[context[1]] = (spool, slot, fields, name, content, span)
            else:
                spool.count(Drop.OPEN_TABLE_FULL)
        except Exception:  # Recording must not break what is recorded.
            self._complain()

    def on_end(self, span: ReadableSpan) -> None:
        """Records the span. It survives the process when this returns."""
        try:
            scope, fields = self._scope
            if scope is not span._instrumentation_scope:
                fields = self._scope_fields(span.instrumentation_scope)
            self.record(span, attribute_items(span._attributes), fields)
        except Exception:
            self._complain()
            self._count_failed()

    def record(self, span: ReadableSpan, attributes: Items, fields: bytes = b"") -> None:
        """Records a span that has ended with other attributes than its own, and more fields.

        Unsampled spans are left out.
        """
        context: SpanContext = span._context  # type: ignore
        name = span._name
        slot: Slot | None
        if known := self._open.pop(context[1], None):
            spool, slot, first_fields, started_as, _, _ = known
            if name is not started_as:
                first_fields = first_fields[: -len(NAMES[started_as])] + NAMES[name]
        else:
            found = self._spool(span.resource) if context[3] & _SAMPLED else None
            if not found:
                return
            spool, slot, first_fields = found, NO_SLOT, span_head(span) + NAMES[name]
        parts = attribute_fields(ATTRIBUTES, attributes, [first_fields])
        parts += fields, span_tail(span)
        spool.append(b"".join(parts), span._start_time or 0, span._end_time or 0, slot)

    def record_all(self, span: ReadableSpan, attributes: Items) -> None:
        """As `record`, and never raises: what cannot be recorded is counted."""
        try:
            self.record(span, attributes)
        except Exception:
            self._complain()
            self._count_failed()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Returns whether everything that has ended is durable: it survives a loss of power."""
        deadline = time.monotonic() + timeout_millis / 1000
        results = [
            recorder.flush(max(0.0, deadline - time.monotonic())) for _, recorder in self._recorders
        ]
        return all(results)

    def shutdown(self) -> None:
        """Makes everything durable, and records nothing any more."""
        for _, recorder in self._recorders:
            recorder.shutdown()

    @property
    def dropped_span_count(self) -> int:
        """How many spans could not be kept so far."""
        return sum(recorder.dropped_span_count for _, recorder in self._recorders)

    # Recorders

    def _spool(self, resource: Resource) -> Spool | None:
        """The spool for spans of a resource, or ``None`` if it cannot be made now."""
        with self._lock:
            if time.monotonic() < self._retry_time:
                return None
            try:
                spool = self._recorder(resource).ensure_open()
            except SpanLogError as error:
                self._retry_time = time.monotonic() + _RETRY_SECONDS
                _logger.error("Spans are lost: %s", error)
                return None
            self._current = (resource, spool)
            return spool

    def _recorder(self, resource: Resource) -> Recorder:
        for known, recorder in self._recorders:
            if known is resource or known == resource:
                return recorder
        attributes = {**resource.attributes, **self._attributes}
        recorder = Recorder(self.store, resource=attributes, options=self._options)
        recorder.on_tick(self._refresh)
        recorder.on_fork(self._forget_parent)
        self._recorders.append((resource, recorder))
        return recorder

    def _forget_parent(self) -> None:
        """In a forked child: the spans of the parent stand in the parent's spool."""
        self._lock = threading.RLock()
        self._open = {}
        self._current = (None, None)

    # What open spans look like

    def _refresh(self) -> None:
        """Keeps up to date what survives of spans that are open for long."""
        for span_id, known in list(self._open.items())[:_REFRESHED_MAX]:
            spool, slot, fields, name, content, span = known
            now = self._open_content(fields, name, span)
            if now == content:
                continue
            with spool.lock:
                # Otherwise the span has ended meanwhile, and the slot may be another's.
                if self._open.get(span_id) is known:
                    spool.slots.update(slot, content, now, len(fields) - len(NAMES[name]))
                    self._open[span_id] = (spool, slot, fields, name, now, span)

    def _open_content(self, fields: bytes, name: str, span: Span) -> bytes:
        """The span's fields so far, as many as a slot takes, if it started with ``fields`` and this
        name."""
        items: Items = [
            (key, value)
            for key, value in tuple(attribute_items(span._attributes))
            if not hasattr(value, "__len__") or len(value) < SLOT_CONTENT_MAX
        ]
        if self.translate:
            items = self.translate(items)
        parts = [fields[: -len(NAMES[name])]]
        room = SLOT_CONTENT_MAX - len(parts[0])
        for field in (NAMES[span.name], *attribute_fields(ATTRIBUTES, items)):
            if len(field) <= room:
                parts.append(field)
                room -= len(field)
        return b"".join(parts)

    def _scope_fields(self, scope: InstrumentationScope | None) -> bytes:
        """A store has one scope for all spans, so that of the instrumentation becomes attributes,
        by the names that OpenTelemetry has for this."""
        if scope is None:
            return b""
        fields = self._scopes.get(scope)
        if fields is None:
            pairs = (("otel.scope.name", scope.name), ("otel.scope.version", scope.version))
            fields = b"".join(attribute_fields(ATTRIBUTES, [pair for pair in pairs if pair[1]]))
            if len(self._scopes) < _SCOPES_MAX:
                self._scopes[scope] = fields
        self._scope = (scope, fields)
        return fields

    def _complain(self) -> None:
        """Tells why a span could not be recorded, once in a while."""
        if time.monotonic() >= self._complaint_time:
            self._complaint_time = time.monotonic() + _COMPLAINT_SECONDS
            _logger.exception("A span could not be recorded.")

    def _count_failed(self) -> None:
        if spool := self._current[1]:
            spool.count(Drop.WRITE_FAILED)
