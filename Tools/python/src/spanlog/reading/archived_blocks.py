"""The records in the blocks of an archive."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import lmdb
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope as ScopeMessage
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from .archived_clocks import ArchivedClocks, domain_of
from .blocks import OPEN, StoredBlock, block_of
from .conversion import resource_of
from .corrections import Correction
from .messages import MalformedError, fields
from .recency import RecentlyUsed

__all__ = ["ArchivedBlocks", "Producer", "Record"]

_BYTE_COUNT_MAX = 64 << 20
# What Python adds to the bytes of a span.
_RECORD_BYTE_COUNT = 100
# Most blocks have the same few of them.
_PRODUCERS_MAX = 256


class Record(NamedTuple):
    """A span as it was recorded."""

    content: bytes
    """The bytes of an OTLP ``Span``."""
    group: _Group

    @property
    def sequence(self) -> int:
        """That of its block plus 1; 0 for a span that was open."""
        sequence = self.group.block.sequence
        return 0 if sequence == OPEN else sequence + 1


class Producer(NamedTuple):
    """What the spans of one scope have in common."""

    recorder: bytes
    resource: Resource
    scope: InstrumentationScope
    correction: Correction | None
    """``None`` if the archive does not say how times are corrected, or is not asked to."""


@dataclass(frozen=True)
class _Source:
    """The block that records stand in."""

    recorder: bytes
    boot: bytes
    sequence: int


@dataclass
class _Group:
    """The spans of one scope, with the bytes of resource and scope."""

    block: _Source
    resource: bytes
    scope: bytes = b""


class _Block(NamedTuple):
    records: list[Record]
    byte_count: int


class ArchivedBlocks:
    """The blocks of an archive, of which those that were used last stay in memory."""

    def __init__(
        self, transaction: lmdb.Transaction, table: Any, clocks: ArchivedClocks | None
    ) -> None:
        self._transaction = transaction
        self._table = table
        self._clocks = clocks
        self._blocks: RecentlyUsed[int, _Block] = RecentlyUsed(_BYTE_COUNT_MAX, self._load)
        self._producer = functools.lru_cache(_PRODUCERS_MAX)(self._decode)

    def records(self, number: int) -> list[Record]:
        """Those of a block, by their places.

        Raises `MalformedError` if there is no such block, or it is not what was written.
        """
        return self._blocks[number].records

    def producer(self, record: Record) -> Producer:
        """What recorded it."""
        group = record.group
        # A resource is decoded where a trace has a span of it: others may be none that can be.
        return self._producer(group.block.recorder, group.block.boot, group.resource, group.scope)

    def _load(self, number: int) -> _Block:
        value = self._transaction.get(number.to_bytes(8, "big"), db=self._table)
        block = block_of(bytes(value)) if value else None
        if block is None:
            raise MalformedError
        records = _records(block)
        return _Block(records, len(block.payload) + _RECORD_BYTE_COUNT * len(records))

    def _decode(self, recorder: bytes, boot: bytes, serialized: bytes, scope: bytes) -> Producer:
        resource = resource_of(ResourceMessage.FromString(serialized))
        correction = None
        if self._clocks:
            correction = self._clocks.correction(domain_of(boot, serialized, resource))
        message = ScopeMessage.FromString(scope)
        return Producer(
            recorder, resource, InstrumentationScope(message.name, message.version), correction
        )


def _records(block: StoredBlock) -> list[Record]:
    """The spans of a block. Of a payload that cannot be taken apart to its end, these are those that
    stand before."""
    source = _Source(block.recorder, block.boot, block.sequence)
    records: list[Record] = []
    with contextlib.suppress(MalformedError):
        for number, value in _members(block.payload, 1):
            _add_resource_spans(value, source, records)
    return records


def _add_resource_spans(content: bytes, block: _Source, records: list[Record]) -> None:
    members = list(_members(content, 1, 2))
    resource = b""
    for number, value in members:
        if number == 1:
            resource = value
    for number, value in members:
        if number == 2:
            _add_scope_spans(value, _Group(block, resource), records)


def _add_scope_spans(content: bytes, group: _Group, records: list[Record]) -> None:
    for number, value in _members(content, 1, 2):
        if number == 1:
            group.scope = value
        else:
            records.append(Record(value, group))


def _members(message: bytes, *numbers: int) -> Iterator[tuple[int, bytes]]:
    """The messages in these fields."""
    for number, value in fields(message):
        if number in numbers:
            if not isinstance(value, bytes):
                raise MalformedError
            yield number, value
