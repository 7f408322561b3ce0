"""The spans of stores and archives."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator

from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from opentelemetry.sdk.trace import ReadableSpan

from .._store.directory import MARKER_NAME, check_version
from ..errors import SpanLogError
from .archives import Times, read_archive
from .blocks import OPEN, StoredBlock, blocks_of_file
from .conversion import spans_of
from .spools import blocks_of_spool

__all__ = ["read_spans"]


def read_spans(
    path: str | os.PathLike[str], *, times: Times = "aligned"
) -> Iterator[ReadableSpan]:
    """The spans of a store, of all stores below a directory, or of an archive.

    Each block is read once, wherever it stands, and only if its checksum matches; ``spanlog
    verify`` tells what is damaged. A span that never ended has ``end_time`` ``None``. Services may
    be recording meanwhile. Spans of MLflow's are as the store has them: ``mlflow.spanInputs``, say,
    is JSON text.

    The spans of an archive are `ArchivedSpan`, whose times are by aligned clocks, as the archive
    says how; with ``times="raw"`` they are as they were recorded, as those of stores always are.

    Raises `SpanLogError` if there is neither a store nor an archive.
    """
    path = os.fspath(path)
    if os.path.isfile(path):
        yield from read_archive(path, times=times)
        return
    found = False
    for directory, _, names in sorted(os.walk(path)):
        if _is_store(names):
            found = True
            check_version(directory)
            yield from _spans_of_store(directory)
    if not found:
        raise SpanLogError(
            SpanLogError.NOT_FOUND,
            f"{path} holds no store: name the directory that a service recorded into (SPANLOG_DIR), "
            "one that holds such directories, or an archive that spanlog merge made.",
        )


def _is_store(names: list[str]) -> bool:
    return any(name == MARKER_NAME or name.endswith((".mdb", ".spool")) for name in names)


def _spans_of_store(directory: str) -> Iterator[ReadableSpan]:
    # Spools and single blocks are read first, and count where no segment has the block: what
    # becomes a block meanwhile is then in both, and in neither order in none.
    waiting = [*_blocks(directory, ".spool", blocks_of_spool), *_blocks(directory, ".block")]
    unfinished = {
        (block.recorder, _identity(span)): span
        for block in waiting
        if block.sequence == OPEN
        for span in _spans(block)
    }
    seen: set[tuple[bytes, int]] = set()
    for block in itertools.chain(_blocks(directory, ".mdb"), waiting):
        if block.sequence == OPEN:
            # Of a spool, these are known; a segment has them of recorders that died long ago.
            for span in _spans(block):
                unfinished.setdefault((block.recorder, _identity(span)), span)
            continue
        if (block.recorder, block.sequence) in seen:
            continue
        seen.add((block.recorder, block.sequence))
        for span in _spans(block):
            # Where the same recorder wrote the span with an end as well, that one counts.
            if unfinished and span.end_time is not None:
                unfinished.pop((block.recorder, _identity(span)), None)
            yield span
    yield from unfinished.values()


def _blocks(
    directory: str, suffix: str,
    read: Callable[[str], Iterator[StoredBlock]] = blocks_of_file,
) -> Iterator[StoredBlock]:  # fmt: skip
    """The blocks of the directory's files of one kind."""
    for name in sorted(os.listdir(directory)):
        if name.endswith(suffix):
            # A file goes when its recorder has just ended: its blocks are elsewhere by then.
            with contextlib.suppress(FileNotFoundError):
                yield from read(os.path.join(directory, name))


def _spans(block: StoredBlock) -> list[ReadableSpan]:
    try:
        return list(spans_of(TracesData.FromString(block.payload)))
    except DecodeError:
        return []


def _identity(span: ReadableSpan) -> bytes:
    context = span.context
    assert context is not None
    return bytes(context.trace_id.to_bytes(16, "big") + context.span_id.to_bytes(8, "big"))
