"""Joins what was recorded of one span at different times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

__all__ = ["joined"]

_LAST_SEEN = "spanlog.last_seen_unix_nano"
_DROPPED = ("dropped_attributes_count", "dropped_events_count", "dropped_links_count")


def joined(records: Iterable[bytes]) -> Span:
    """The span that several records are, in the order in which they count."""
    versions = [Span.FromString(record) for record in records]
    for version in versions:
        # What OTLP does not define makes no difference between values.
        version.DiscardUnknownFields()
    span = Span()
    span.CopyFrom(versions[0])
    span.start_time_unix_nano = min(version.start_time_unix_nano for version in versions)
    span.end_time_unix_nano = max(version.end_time_unix_nano for version in versions)
    # Zeros and no bytes both say that there is none.
    span.parent_span_id = next(filter(any, (version.parent_span_id for version in versions)), b"")
    span.status.CopyFrom(_status(versions))
    for name in _DROPPED:
        setattr(span, name, max(getattr(version, name) for version in versions))
    del span.attributes[:], span.events[:], span.links[:]
    span.attributes.extend(_attributes(versions, is_finished=span.end_time_unix_nano != 0))
    span.events.extend(_united(versions, lambda version: version.events))
    span.links.extend(_united(versions, lambda version: version.links))
    return span


def _status(versions: Sequence[Span]) -> Status:
    """OK beats ERROR, which beats none."""
    for code in (Status.STATUS_CODE_OK, Status.STATUS_CODE_ERROR):
        for version in versions:
            if version.status.code == code:
                return version.status
    return versions[0].status


def _attributes(versions: Sequence[Span], is_finished: bool) -> Iterator[KeyValue]:
    """All attributes; of several values under one key, the later ones stand under ``conflict.<key>``."""
    values: dict[str, set[bytes]] = {}
    for version in versions:
        for attribute in version.attributes:
            # A sign of life is of no interest once the end is known.
            if is_finished and attribute.key == _LAST_SEEN:
                continue
            known = values.setdefault(attribute.key, set())
            value = _serialized(attribute.value)
            if value in known:
                continue
            suffix = f".{len(known)}" if len(known) > 1 else ""
            key = f"conflict.{attribute.key}{suffix}" if known else attribute.key
            known.add(value)
            yield KeyValue(key=key, value=attribute.value)


_Element = TypeVar("_Element", bound=Message)


def _united(
    versions: Sequence[Span], elements: Callable[[Span], Iterable[_Element]]
) -> Iterator[_Element]:
    """Elements of all versions, each once."""
    seen = set()
    for version in versions:
        for element in elements(version):
            content = _serialized(element)
            if content not in seen:
                seen.add(content)
                yield element


def _serialized(message: Message) -> bytes:
    content: bytes = message.SerializeToString(deterministic=True)
    return content
