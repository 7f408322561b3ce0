"""What files of a store hold, by their headers alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from .._store.block import HEADER, HEADER_BYTE_COUNT, MAGIC
from .._store.removals import Gap
from .blocks import OPEN, StoredBlock
from .spools import blocks_of_spool

__all__ = ["gaps_of_file"]

_NO_TIMES = (2**64 - 1, 0)
_FIRST_WINDOW, _LAST_WINDOW = 8 << 10, 8 << 20


def gaps_of_file(path: str, now: int) -> Iterator[Gap]:
    """What will be missing when a segment, a spool or the file of a single block is removed. Of a
    damaged file this is what can be read."""
    if path.endswith(".spool"):
        for block in blocks_of_spool(path):
            yield _gap(block.recorder, block.sequence, _spans(block), block.drops, now)
        return
    for header in _headers(path):
        yield _gap(header[7], header[6], (header[9], header[13], header[14]), header[18:24], now)


def _gap(
    recorder: bytes, sequence: int, spans: tuple[int, int, int], drops: tuple[int, ...], now: int
) -> Gap:
    count, *times = spans
    earliest, latest = times if count else _NO_TIMES
    if sequence == OPEN:
        return Gap(recorder, 0, 0, 0, count, earliest, latest, now, drops)
    return Gap(recorder, sequence, 1, count, 0, earliest, latest, now, drops)


def _spans(block: StoredBlock) -> tuple[int, int, int]:
    """How many spans there are, the least start and the greatest end."""
    try:
        data = TracesData.FromString(block.payload)
    except DecodeError:
        return 0, *_NO_TIMES
    spans = [span for group in data.resource_spans for part in group.scope_spans for span in part.spans]
    starts = [span.start_time_unix_nano for span in spans]
    ends = [max(span.end_time_unix_nano, span.start_time_unix_nano) for span in spans]
    return len(spans), min(starts, default=0), max(ends, default=0)


def _headers(path: str) -> Iterator[tuple[Any, ...]]:
    """The headers of the blocks in a file, by their own word: what is between them is not read."""
    with open(path, "rb") as file:
        descriptor = file.fileno()
        size = os.fstat(descriptor).st_size
        position, window = 0, _FIRST_WINDOW
        while position < size:
            content = os.pread(descriptor, window, position)
            place = content.find(MAGIC)
            if place < 0:
                if len(content) < window:
                    return
                position += window - len(MAGIC) + 1
                window = min(2 * window, _LAST_WINDOW)
                continue
            position += place
            header = os.pread(descriptor, HEADER_BYTE_COUNT, position)
            if len(header) < HEADER_BYTE_COUNT:
                return
            fields = HEADER.unpack(header)
            version, codec, length, stored = fields[2], fields[3], fields[5], fields[11]
            end = position + HEADER_BYTE_COUNT + stored
            if version == 1 and codec <= 1 and length == HEADER_BYTE_COUNT and end <= size:
                yield fields
                position, window = end, _FIRST_WINDOW
            else:
                position += 1
