"""The spans of an archive, which ``spanlog merge`` made."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

import lmdb
import zstandard
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from xxhash import xxh3_64_intdigest

from ..errors import SpanLogError
from .conversion import resource_of, span_of

__all__ = ["read_archive"]

_CHUNK = struct.Struct("<8sQB3xIQQ")
_MAGIC = b"SPLGARC2"
# What is new in format 3, the corrections of clocks, changes nothing of the spans.
_FORMATS = (b"spanlog-archive 2", b"spanlog-archive 3")
# Fields of the format's own: which origin a group has, and a trace's identifier.
_ORIGIN_OF_GROUP = 15000


def read_archive(path: str | os.PathLike[str]) -> Iterator[ReadableSpan]:
    """The spans of an archive, trace by trace, with the times that were recorded: those by aligned
    clocks, ``spanlog show --json`` has.

    LMDB reads the file and trusts it: open archives only that you or somebody whom you trust made.
    Raises `SpanLogError` if it is no archive, or one of another format.
    """
    path = os.fspath(path)
    try:
        environment = lmdb.open(path, subdir=False, readonly=True, lock=False, max_dbs=8)
    except lmdb.Error as error:
        raise SpanLogError(
            SpanLogError.NOT_FOUND, f"{path} is no archive of spanlog merge: {error}."
        ) from error
    with environment, environment.begin() as transaction:
        try:
            meta = environment.open_db(b"meta", transaction, create=False)
            traces = environment.open_db(b"traces", transaction, create=False)
        except lmdb.NotFoundError as error:
            raise SpanLogError(
                SpanLogError.NOT_FOUND, f"{path} is no archive of spanlog merge."
            ) from error
        version = transaction.get(b"format", db=meta)
        if version not in _FORMATS:
            raise SpanLogError(
                SpanLogError.NEWER_FORMAT,
                f"{path} has the format {bytes(version or b'').decode(errors='replace')!r}, and this "
                f"version reads {_FORMATS[-1].decode()!r}: update the package spanlog.",
            )
        for _, value in transaction.cursor(traces):
            yield from _spans_of_chunk(path, value)


def _spans_of_chunk(path: str, value: bytes) -> Iterator[ReadableSpan]:
    payload = _payload(path, value)
    origins = {}
    for number, content in _fields(payload):
        if number == 2:
            origin = dict(_fields(content))
            origins[origin[1]] = resource_of(ResourceMessage.FromString(origin.get(4, b"")))
    for number, entry in _fields(payload):
        if number != 1:
            continue
        for kind, group in _fields(entry):
            if kind == 1:
                yield from _spans_of_group(group, origins)


def _spans_of_group(group: bytes, origins: dict[bytes, Resource]) -> Iterator[ReadableSpan]:
    fields = list(_fields(group))
    resource = origins[dict(fields)[_ORIGIN_OF_GROUP]]
    for number, content in fields:
        if number == 2:
            spans = ScopeSpans.FromString(content)
            scope = InstrumentationScope(spans.scope.name, spans.scope.version)
            for span in spans.spans:
                yield span_of(span, resource, scope)


def _payload(path: str, value: bytes) -> bytes:
    magic, checksum, codec, header_bytes, stored, payload = _CHUNK.unpack_from(value)
    end = header_bytes + stored
    if magic != _MAGIC or len(value) < end or xxh3_64_intdigest(value[16:end]) != checksum:
        raise SpanLogError(
            SpanLogError.DAMAGED, f"{path} is damaged: a chunk is not what was written. Merge again."
        )
    content = bytes(value[header_bytes:end])
    if codec == 1:
        content = zstandard.ZstdDecompressor().decompress(content, max_output_size=payload)
    return content


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a message whose value is bytes, by number; numbers are passed over."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        kind = tag & 7
        if kind == 0:
            _, position = _varint(message, position)
            continue
        length = {1: 8, 5: 4}.get(kind)
        if length is None:
            length, position = _varint(message, position)
        if kind == 2:
            yield tag >> 3, message[position : position + length]
        position += length


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position
