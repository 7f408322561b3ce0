"""OpenTelemetry's spans as OTLP's ``Span`` messages."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Link, SpanContext, StatusCode

from .protobuf import ONE_BYTE, delimited, varint
from .values import attribute_fields, text_bytes

__all__ = ["ATTRIBUTE", "attribute_items", "nanoseconds", "span_head", "span_name", "span_tail", "start_of"]

ATTRIBUTE = b"J"
_IDS = struct.Struct(">2sQQ2sQ")
_IDS_AND_PARENT = struct.Struct(">2sQQ2sQ2sQ")
# Tag and kind, and the tag of the start; OTLP counts kinds from 1.
_KIND = tuple(b"0" + ONE_BYTE[kind + 1] + b"9" for kind in range(8))
_START = struct.Struct("<Q2sI")
_FLAGS_TAG = b"\x85\x01"
_TIME = struct.Struct("<sQ")
_UNSET = StatusCode.UNSET
_OK = b"z\x02\x18\x01"
_MASK = 2**64 - 1
# Bits of a span's flags beyond W3C's: that the next is known, and that the parent is remote.
_KNOWN = 0x100
_REMOTE = 0x300
# Names recur, so each is encoded once; programs that make names up at run time fill no memory.
_NAMES_MAX = 4096
_names: dict[str, bytes] = {}


# What follows is called for each span. It goes past the SDK's properties where these would cost
# more than everything else, and takes the long way where the SDK, or somebody's own span, is
# different.


def span_head(span: ReadableSpan) -> bytes:
    """The fields that stay as they are from the span's start on."""
    context, parent = span._context, span._parent
    assert context is not None  # As every span of the SDK has one.
    # A context is a tuple, of which the properties below are the elements: trace_id, span_id,
    # is_remote, trace_flags, trace_state, is_valid.
    trace_id, span_id, _, w3c_flags, state, _ = context
    flags = w3c_flags & 0xFF
    if parent is None:
        flags |= _KNOWN
        ids = _IDS.pack(b"\n\x10", trace_id >> 64, trace_id & _MASK, b"\x12\x08", span_id)
    else:
        flags |= _REMOTE if parent[2] else _KNOWN
        ids = _IDS_AND_PARENT.pack(
            b"\n\x10", trace_id >> 64, trace_id & _MASK, b"\x12\x08", span_id,
            b'"\x08', parent[1],
        )  # fmt: skip
    try:
        start = _START.pack(span._start_time or 0, _FLAGS_TAG, flags)
    except struct.error:
        start = _START.pack(nanoseconds(span._start_time), _FLAGS_TAG, flags)
    rest = _KIND[span._kind._value_] + start
    if state:
        rest += delimited(b"\x1a", state.to_header().encode())
    return ids + rest


def start_of(head: bytes) -> int:
    """When the span with these first fields started, in nanoseconds since 1970."""
    # Behind the two identifiers stands the parent's, if there is one, then the kind and a tag.
    place = 28 + (10 if head[28:30] == b'"\x08' else 0) + 3
    return int.from_bytes(head[place : place + 8], "little")


def span_name(name: str) -> bytes:
    """The field of the span's name."""
    return _names.get(name) or _name(name)


def _name(name: str) -> bytes:
    field = delimited(b"*", text_bytes(name))
    if len(_names) < _NAMES_MAX and len(field) < 256:
        _names[name] = field
    return field


def attribute_items(attributes: Mapping[str, Any] | None) -> Iterable[tuple[str, Any]]:
    """The attributes of a span, event or link, as they are now.

    The SDK's own container is asked for the dictionary in it, which takes a tenth of the time.
    """
    try:
        return attributes._dict.items()  # type: ignore
    except AttributeError:
        return dict(attributes).items() if attributes else ()


def span_tail(span: ReadableSpan) -> bytes:
    """The fields that are known once the span has ended, without name and attributes."""
    end = _time(b"A", span._end_time or 0)
    events, links, status = span._events, span._links, span._status
    try:
        # The SDK's lists take their time to say that they are empty.
        is_plain = not (
            events._dq or links._dq  # type: ignore
            or span._attributes.dropped or events.dropped or links.dropped  # type: ignore
        )  # fmt: skip
    except AttributeError:
        is_plain = False
    if is_plain and status._status_code is _UNSET:
        return end
    parts = [end]
    parts += [_event(event) for event in events]
    parts += [_link(link) for link in links]
    if code := status.status_code.value:
        parts.append(_OK if code == 1 else _error(status.description))
    counts = (
        (b"P", span.dropped_attributes), (b"`", span.dropped_events), (b"p", span.dropped_links),
    )  # fmt: skip
    parts += [tag + varint(count) for tag, count in counts if count]
    return b"".join(parts)


def _time(tag: bytes, value: Any) -> bytes:
    try:
        return _TIME.pack(tag, value)
    except struct.error:
        return _TIME.pack(tag, nanoseconds(value))


def nanoseconds(value: Any) -> int:
    """A time that somebody gave as something else than a whole number of this century, as near as
    OTLP has it."""
    try:
        return min(max(int(value), 0), 2**64 - 1)
    except (TypeError, ValueError, OverflowError):
        return 0


def _error(description: str | None) -> bytes:
    message = delimited(b"\x12", text_bytes(description)) if description else b""
    return delimited(b"z", message + b"\x18\x02")


def _event(event: Any) -> bytes:
    attributes = event.attributes
    parts = [_time(b"\t", event.timestamp), delimited(b"\x12", text_bytes(event.name))]
    parts += attribute_fields(b"\x1a", attribute_items(attributes))
    if dropped := getattr(attributes, "dropped", 0):
        parts.append(b" " + varint(dropped))
    return delimited(b"Z", b"".join(parts))


def _link(link: Link) -> bytes:
    context: SpanContext = link.context
    attributes = link.attributes
    parts = [
        _IDS.pack(
            b"\n\x10", context.trace_id >> 64, context.trace_id & _MASK, b"\x12\x08",
            context.span_id,
        )
    ]  # fmt: skip
    if context.trace_state:
        parts.append(delimited(b"\x1a", context.trace_state.to_header().encode()))
    parts += attribute_fields(b'"', attribute_items(attributes))
    if dropped := getattr(attributes, "dropped", 0):
        parts.append(b"(" + varint(dropped))
    flags = context.trace_flags & 0xFF | (_REMOTE if context.is_remote else _KNOWN)
    parts.append(struct.pack("<sI", b"5", flags))
    return delimited(b"j", b"".join(parts))
