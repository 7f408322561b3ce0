"""The spans of an archive, which ``spanlog merge`` made."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import lmdb
import zstandard
from google.protobuf.message import DecodeError
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from xxhash import xxh3_64_intdigest

from ..errors import SpanLogError
from .archived_clocks import ArchivedClocks, domain_of
from .conversion import resource_of, span_of
from .corrections import Correction, SpanClock
from .messages import MalformedError, fields, members, packed

__all__ = ["ArchivedSpan", "Times", "read_archive"]

Times = Literal["aligned", "raw"]

_CHUNK = struct.Struct("<8sQB3xIQQ")
_MAGIC = b"SPLGARC2"
# What is new in format 3 are the corrections of clocks.
_FORMATS = (b"spanlog-archive 2", b"spanlog-archive 3")
_PAYLOAD_MAX = 2**32
_RATIO_MAX = 1024
# Fields of the format's own: which origin a group has, and where its spans were found.
_ORIGIN_OF_GROUP = 15000
_PROVENANCE = 15003


class ArchivedSpan(ReadableSpan):
    """A span of an archive."""

    clock: SpanClock | None = None
    """How its times, and those of its events, were corrected; ``None`` if they are as they were
    recorded."""


class _Origin(NamedTuple):
    recorder: bytes
    resource: Resource
    correction: Correction | None


def read_archive(path: str | os.PathLike[str], *, times: Times = "aligned") -> Iterator[ArchivedSpan]:
    """The spans of an archive, trace by trace.

    Times are corrected as the archive says, so that those of several hosts can be compared, as
    ``spanlog show`` has them; with ``times="raw"`` they are as they were recorded.

    LMDB reads the file and trusts it: open archives only that you or somebody whom you trust made.
    Raises `SpanLogError` if it is no archive, or one of another format.
    """
    if times not in ("aligned", "raw"):
        raise ValueError(f"times is 'aligned' or 'raw', not {times!r}")
    path = os.fspath(path)
    try:
        environment = lmdb.open(path, subdir=False, readonly=True, lock=False, max_dbs=8)
    except lmdb.Error as error:
        raise SpanLogError(
            SpanLogError.NOT_FOUND, f"{path} is no archive of spanlog merge: {error}."
        ) from error
    with environment, environment.begin() as transaction:
        tables = _tables(path, environment, transaction)
        reader = _ArchiveReader(path)
        try:
            if times == "aligned":
                reader.clocks = _clocks(reader, environment, transaction, tables["meta"])
            for _, value in transaction.cursor(tables["traces"]):
                yield from reader.spans_of_chunk(value)
        except (MalformedError, DecodeError, zstandard.ZstdError, struct.error, KeyError) as error:
            raise reader.damaged() from error


def _tables(path: str, environment: lmdb.Environment, transaction: lmdb.Transaction) -> dict[str, Any]:
    try:
        tables = {
            name: environment.open_db(name.encode(), transaction, create=False)
            for name in ("meta", "traces")
        }
    except lmdb.NotFoundError as error:
        raise SpanLogError(
            SpanLogError.NOT_FOUND, f"{path} is no archive of spanlog merge."
        ) from error
    version = transaction.get(b"format", db=tables["meta"])
    if version not in _FORMATS:
        raise SpanLogError(
            SpanLogError.NEWER_FORMAT,
            f"{path} has the format {bytes(version or b'').decode(errors='replace')!r}, and this "
            f"version reads {_FORMATS[-1].decode()!r}: update the package spanlog.",
        )
    return tables


def _clocks(
    reader: _ArchiveReader, environment: lmdb.Environment, transaction: lmdb.Transaction, meta: Any
) -> ArchivedClocks | None:
    """What corrects times; ``None`` for an archive that is older than corrections."""
    chunk = transaction.get(b"clocks", db=meta)
    if chunk is None:
        return None
    seals = environment.open_db(b"seals", transaction, create=False)
    return ArchivedClocks(reader.payload(bytes(chunk)), transaction, seals, reader.payload)


class _ArchiveReader:
    """Takes chunks apart."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.clocks: ArchivedClocks | None = None

    def spans_of_chunk(self, value: bytes) -> Iterator[ArchivedSpan]:
        payload = self.payload(value)
        origins = {}
        for content in members(payload, 2):
            origin: dict[int, Any] = dict(fields(content))
            origins[origin[1]] = self._origin(origin)
        for entry in members(payload, 1):
            for group in members(entry, 1):
                origin_id = next(members(group, _ORIGIN_OF_GROUP), b"")
                for content in members(group, 2):
                    yield from self._spans(content, origins[origin_id])

    def _origin(self, origin: dict[int, Any]) -> _Origin:
        serialized = origin.get(4, b"")
        resource = resource_of(ResourceMessage.FromString(serialized))
        correction = None
        if self.clocks:
            domain = domain_of(origin.get(3, b""), serialized, resource)
            correction = self.clocks.correction(domain)
        return _Origin(origin.get(2, b""), resource, correction)

    def _spans(self, content: bytes, origin: _Origin) -> Iterator[ArchivedSpan]:
        message = ScopeSpans.FromString(content)
        scope = InstrumentationScope(message.scope.name, message.scope.version)
        numbers = [number for part in members(content, _PROVENANCE) for number in packed(part)]
        if len(numbers) != 2 * len(message.spans):
            raise MalformedError
        for place, span in enumerate(message.spans):
            clock = None
            if origin.correction:
                provenance = (numbers[2 * place], numbers[2 * place + 1])
                clock = self._correct(span, origin, origin.correction, provenance)
            archived = span_of(span, origin.resource, scope, ArchivedSpan)
            archived.clock = clock
            yield archived

    def _correct(
        self, span: SpanMessage, origin: _Origin, correction: Correction, provenance: tuple[int, int]
    ) -> SpanClock:
        assert self.clocks
        seal = self.clocks.seal(origin.recorder, provenance)
        events = [event.time_unix_nano for event in span.events]
        times = correction.corrected(
            span.start_time_unix_nano, span.end_time_unix_nano, events, seal
        )
        span.start_time_unix_nano, span.end_time_unix_nano = times.start, times.end
        for event, time in zip(span.events, times.events, strict=True):
            event.time_unix_nano = time
        return times.clock

    def payload(self, value: bytes) -> bytes:
        """What a chunk holds."""
        magic, checksum, codec, header_bytes, stored, byte_count = _CHUNK.unpack_from(value)
        end = header_bytes + stored
        if magic != _MAGIC or len(value) < end or xxh3_64_intdigest(value[16:end]) != checksum:
            raise self.damaged()
        content = bytes(value[header_bytes:end])
        if codec == 0:
            return content
        if byte_count > _PAYLOAD_MAX or byte_count // _RATIO_MAX > stored:
            raise self.damaged()
        return zstandard.ZstdDecompressor().decompress(content, max_output_size=byte_count)

    def damaged(self) -> SpanLogError:
        """The error for a chunk that is not what was written."""
        return SpanLogError(
            SpanLogError.DAMAGED,
            f"{self._path} is damaged: a chunk is not what was written. Merge again.",
        )
