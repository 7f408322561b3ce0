"""OpenTelemetry's spans as OTLP's ``Span`` messages."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import DEFAULT_TRACE_STATE, Link, SpanContext, StatusCode

from .protobuf import ONE_BYTE, delimited, varint
from .values import Keys, attribute_fields, text_bytes

__all__ = ["ATTRIBUTES", "NAMES", "attribute_items", "nanoseconds", "span_head", "span_tail", "start_of"]

ATTRIBUTES = Keys(b"J")
_EVENT_ATTRIBUTES, _LINK_ATTRIBUTES = Keys(b"\x1a"), Keys(b'"')
_IDS = struct.Struct(">2sQQ2sQ")
# Of a span without and with a parent: identifiers, flags, kind, and the start with its tag.
_ROOT_HEAD = struct.Struct(">20sQ6s3s8s")
_HEAD = struct.Struct(">20sQ2sQ6s3s8s")
_PARENT_TAG = b'"\x08'
# Kind and tag of the start; OTLP counts kinds from 1.
_KIND = tuple(b"0" + ONE_BYTE[kind + 1] + b"9" for kind in range(8))
_TIME = struct.Struct("<sQ")
_pack_time = _TIME.pack
_UNSET = StatusCode.UNSET
_OK = b"z\x02\x18\x01"
_MASK = 2**64 - 1
# Bits of a span's flags beyond W3C's: that the next is known, and that the parent is remote.
_KNOWN = 0x100
_REMOTE = 0x300
# The fields of these flags, by W3C's.
_KNOWN_FLAGS, _REMOTE_FLAGS = (
    tuple(b"\x85\x01" + (number | bits).to_bytes(4, "little") for number in range(256))
    for bits in (_KNOWN, _REMOTE)
)
_NAMES_MAX, _NAME_BYTES_MAX = 4096, 256
# Replaced as one, so that no thread sees half of it.
_last_trace: tuple[int, bytes] = (-1, b"")


# What follows is called for each span. It goes past the SDK's properties where these would cost
# more than everything else, and takes the long way where the SDK, or somebody's own span, is
# different.


def span_head(span: ReadableSpan) -> bytes:
    """The fields that stay as they are from the span's start on."""
    # A context is a tuple: trace_id, span_id, is_remote, trace_flags, trace_state, is_valid.
    trace_id, span_id, _, flags, state, _ = span._context  # type: ignore[misc]
    parent = span._parent
    known_id, trace = _last_trace
    if known_id is not trace_id:
        trace = _trace_field(trace_id)
    try:
        start = span._start_time.to_bytes(8, "little")  # type: ignore[union-attr]
    except (AttributeError, OverflowError):
        start = nanoseconds(span._start_time).to_bytes(8, "little")
    kind = _KIND[span._kind._value_]
    if parent is None:
        head = _ROOT_HEAD.pack(trace, span_id, _KNOWN_FLAGS[flags & 0xFF], kind, start)
    else:
        flags_field = (_REMOTE_FLAGS if parent[2] else _KNOWN_FLAGS)[flags & 0xFF]
        head = _HEAD.pack(trace, span_id, _PARENT_TAG, parent[1], flags_field, kind, start)
    if state is not DEFAULT_TRACE_STATE and state:
        head += delimited(b"\x1a", state.to_header().encode())
    return head


def _trace_field(trace_id: int) -> bytes:
    """The field of a trace's identifier, and the tag of the span's.

    It is kept until the next trace: as a rule, spans of one come together.
    """
    global _last_trace
    field = b"\n\x10" + trace_id.to_bytes(16, "big") + b"\x12\x08"
    _last_trace = (trace_id, field)
    return field


def start_of(head: bytes) -> int:
    """When the span with these first fields started, in nanoseconds since 1970."""
    # Behind the two identifiers stands the parent's, if there is one, then flags, kind and a tag.
    place = _ROOT_HEAD.size - 8 + (10 if head[28:30] == _PARENT_TAG else 0)
    return int.from_bytes(head[place : place + 8], "little")


class _Names(dict[str, bytes]):
    """The fields of spans' names. What is asked for and is not there is made.

    Names recur, so they are kept; programs that make names up at run time fill no memory.
    """

    def __missing__(self, name: str) -> bytes:
        field = delimited(b"*", text_bytes(str(name)))
        if type(name) is str and len(self) < _NAMES_MAX and len(field) < _NAME_BYTES_MAX:
            self[name] = field
        return field


NAMES = _Names()


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
    try:
        end = _pack_time(b"A", span._end_time)
    except struct.error:
        end = _time(b"A", span._end_time)
    events, links, status = span._events, span._links, span._status
    try:
        # The SDK's lists take their time to say that they are empty.
        if not (
            status._status_code is not _UNSET or events._dq or links._dq  # type: ignore
            or span._attributes.dropped or events.dropped or links.dropped  # type: ignore
        ):  # fmt: skip
            return end
    except AttributeError:
        pass
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
    parts += attribute_fields(_EVENT_ATTRIBUTES, attribute_items(attributes))
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
    parts += attribute_fields(_LINK_ATTRIBUTES, attribute_items(attributes))
    if dropped := getattr(attributes, "dropped", 0):
        parts.append(b"(" + varint(dropped))
    flags = context.trace_flags & 0xFF | (_REMOTE if context.is_remote else _KNOWN)
    parts.append(struct.pack("<sI", b"5", flags))
    return delimited(b"j", b"".join(parts))
