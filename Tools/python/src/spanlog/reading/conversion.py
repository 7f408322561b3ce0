"""OTLP's messages as OpenTelemetry's spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

__all__ = ["resource_of", "span_of", "spans_of"]

_KINDS = {kind.value + 1: kind for kind in SpanKind}
_REMOTE = 0x200
_SCOPE_NAME, _SCOPE_VERSION = "otel.scope.name", "otel.scope.version"


def spans_of(data: TracesData) -> Iterator[ReadableSpan]:
    """The spans of a message, each with its resource and scope."""
    for group in data.resource_spans:
        resource = resource_of(group.resource)
        for scope_spans in group.scope_spans:
            scope = InstrumentationScope(scope_spans.scope.name, scope_spans.scope.version)
            for span in scope_spans.spans:
                yield span_of(span, resource, scope, ReadableSpan)


def resource_of(message: ResourceMessage) -> Resource:
    """A resource with the message's attributes and no others."""
    return Resource(_attributes(message.attributes))


_Span = TypeVar("_Span", bound=ReadableSpan)


def span_of(
    message: SpanMessage, resource: Resource, scope: InstrumentationScope, kind: type[_Span]
) -> _Span:
    """A span of OpenTelemetry's SDK. One that never ended has no end."""
    attributes = _attributes(message.attributes)
    if name := attributes.pop(_SCOPE_NAME, None):
        scope = InstrumentationScope(str(name), attributes.pop(_SCOPE_VERSION, None))
    trace_id = int.from_bytes(message.trace_id, "big")
    state = TraceState.from_header([message.trace_state]) if message.trace_state else TraceState()
    flags = TraceFlags(message.flags & 0xFF)
    span_id = int.from_bytes(message.span_id, "big")
    parent = None
    # Zeros say that there is none, as no bytes do.
    if any(message.parent_span_id):
        is_remote = bool(message.flags & _REMOTE)
        number = int.from_bytes(message.parent_span_id, "big")
        parent = SpanContext(trace_id, number, is_remote, flags, state)
    return kind(
        message.name,
        context=SpanContext(trace_id, span_id, False, flags, state),
        parent=parent,
        resource=resource,
        attributes=attributes,
        events=[_event(event) for event in message.events],
        links=[_link(link) for link in message.links],
        kind=_KINDS.get(message.kind, SpanKind.INTERNAL),
        status=_status(message.status),
        start_time=message.start_time_unix_nano,
        end_time=message.end_time_unix_nano or None,
        instrumentation_scope=scope,
    )


def _status(message: Any) -> Status:
    code = StatusCode(message.code) if message.code in (1, 2) else StatusCode.UNSET
    return Status(code, message.message if code is StatusCode.ERROR else None)


def _event(message: SpanMessage.Event) -> Event:
    return Event(message.name, _attributes(message.attributes), message.time_unix_nano)


def _link(message: SpanMessage.Link) -> Link:
    context = SpanContext(
        int.from_bytes(message.trace_id, "big"), int.from_bytes(message.span_id, "big"),
        bool(message.flags & _REMOTE), TraceFlags(message.flags & 0xFF),
        TraceState.from_header([message.trace_state]) if message.trace_state else TraceState(),
    )  # fmt: skip
    return Link(context, _attributes(message.attributes))


def _attributes(items: Iterable[KeyValue]) -> dict[str, Any]:
    return {item.key: _value(item.value) for item in items}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    content = getattr(value, kind)
    if kind == "array_value":
        return [_value(item) for item in content.values]
    if kind == "kvlist_value":
        return _attributes(content.values)
    return content
