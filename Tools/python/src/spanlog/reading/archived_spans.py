"""The spans of the traces of an archive, put together of its blocks."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage
from opentelemetry.sdk.trace import ReadableSpan

from .archived_blocks import ArchivedBlocks, Producer, Record
from .archived_clocks import ArchivedClocks
from .archived_traces import ArchivedTraces, ChangedSpan, Place
from .conversion import span_of
from .corrections import SpanClock
from .joining import joined
from .messages import MalformedError

__all__ = ["ArchivedSpan", "ArchivedSpans"]


class ArchivedSpan(ReadableSpan):
    """A span of an archive."""

    clock: SpanClock | None = None
    """How its times, and those of its events, were corrected; ``None`` if they are as they were
    recorded."""


@dataclass
class _Wanted:
    """What a trace takes from one block: the places of spans that are as they were recorded, and
    those of records of others."""

    recorded: array[int] = field(default_factory=lambda: array("Q"))
    changed: list[tuple[int, _Change]] = field(default_factory=list)


@dataclass
class _Change:
    """A span that was joined or changed, whose records are being gathered."""

    span: ChangedSpan
    missing: set[Place]
    found: dict[Place, Record] = field(default_factory=dict)

    def add(self, place: Place, record: Record) -> None:
        """Takes one of the records."""
        self.missing.discard(place)
        self.found[place] = record

    @property
    def records(self) -> list[Record]:
        """All of them, in their order; none is missing any more."""
        return [self.found[place] for place in self.span.records]


class ArchivedSpans:
    """The spans of traces, read from blocks."""

    def __init__(
        self, traces: ArchivedTraces, blocks: ArchivedBlocks, clocks: ArchivedClocks | None
    ) -> None:
        self._traces = traces
        self._blocks = blocks
        self._clocks = clocks

    def of_trace(self, trace_id: bytes) -> Iterator[ArchivedSpan]:
        """The spans of a trace.

        Raises `MalformedError` or `DecodeError` if the archive is damaged.
        """
        wanted = self._wanted(trace_id)
        # Block by block, so that each is taken apart once, however large the trace is.
        for number in sorted(wanted):
            records = self._blocks.records(number)
            for place in sorted(wanted[number].recorded):
                record = _record(records, place)
                yield self._span(trace_id, SpanMessage.FromString(record.content), [record])
            for place, change in wanted[number].changed:
                change.add(Place(number, place), _record(records, place))
                if not change.missing:
                    message = _changed(change.span, change.records)
                    yield self._span(trace_id, message, change.records)

    def _wanted(self, trace_id: bytes) -> dict[int, _Wanted]:
        wanted: dict[int, _Wanted] = defaultdict(_Wanted)
        for part in self._traces.parts(trace_id):
            for number, place in part.recorded:
                wanted[number].recorded.append(place)
            for span in part.changed:
                change = _Change(span, missing=set(span.records))
                for number, place in change.missing:
                    wanted[number].changed.append((place, change))
        if not wanted:
            raise MalformedError
        return wanted

    def _span(
        self, trace_id: bytes, message: SpanMessage, records: Sequence[Record]
    ) -> ArchivedSpan:
        message.trace_id = trace_id
        producer = self._blocks.producer(records[0])
        clock = self._correct(message, producer, records)
        span = span_of(message, producer.resource, producer.scope, ArchivedSpan)
        span.clock = clock
        return span

    def _correct(
        self, span: SpanMessage, producer: Producer, records: Sequence[Record]
    ) -> SpanClock | None:
        if self._clocks is None or producer.correction is None:
            return None
        # The last of the blocks is the one that was sealed after the span had ended.
        seal = self._clocks.seal(producer.recorder, max(record.sequence for record in records))
        events = [event.time_unix_nano for event in span.events]
        times = producer.correction.corrected(
            span.start_time_unix_nano, span.end_time_unix_nano, events, seal
        )
        span.start_time_unix_nano, span.end_time_unix_nano = times.start, times.end
        for event, time in zip(span.events, times.events, strict=True):
            event.time_unix_nano = time
        return times.clock


def _record(records: Sequence[Record], place: int) -> Record:
    if place >= len(records):
        raise MalformedError
    return records[place]


def _changed(change: ChangedSpan, records: Sequence[Record]) -> SpanMessage:
    contents = [record.content for record in records]
    span = joined(contents) if len(contents) > 1 else SpanMessage.FromString(contents[0])
    if change.span_id is not None:
        span.span_id = change.span_id
    if change.parent_span_id is not None:
        span.parent_span_id = change.parent_span_id
    span.attributes.extend(KeyValue.FromString(attribute) for attribute in change.attributes)
    return span
