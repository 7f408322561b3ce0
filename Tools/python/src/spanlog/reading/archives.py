"""The spans of an archive, which ``spanlog merge`` made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Literal

import lmdb
from google.protobuf.message import DecodeError

from ..errors import SpanLogError
from .archived_blocks import ArchivedBlocks
from .archived_clocks import ArchivedClocks
from .archived_spans import ArchivedSpan, ArchivedSpans
from .archived_traces import ArchivedTraces, trace_ids
from .chunks import payload_of
from .messages import MalformedError

__all__ = ["Times", "read_archive"]

Times = Literal["aligned", "raw"]

_FORMAT_NAME, _FORMAT = b"spanlog-archive ", 4


def read_archive(path: str | os.PathLike[str], *, times: Times = "aligned") -> Iterator[ArchivedSpan]:
    """The spans of an archive, trace by trace, the trace first that started first.

    Times are corrected as the archive says, so that those of several hosts can be compared, as
    ``spanlog show`` has them; with ``times="raw"`` they are as they were recorded, which is also what
    traces are ordered by.

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
        tables = _Tables(path, environment, transaction)
        tables.check_format()
        try:
            yield from _spans(tables, times)
        except (MalformedError, DecodeError) as error:
            raise SpanLogError(
                SpanLogError.DAMAGED,
                f"{path} is damaged: it does not hold what was written. Merge again.",
            ) from error


def _spans(tables: _Tables, times: Times) -> Iterator[ArchivedSpan]:
    clocks = None
    if times == "aligned":
        message = payload_of(tables.value("meta", b"clocks") or b"")
        clocks = ArchivedClocks(message, tables.cursor("seals"))
    blocks = ArchivedBlocks(tables.transaction, tables.table("blocks"), clocks)
    traces = ArchivedTraces(tables.cursor("traces"))
    spans = ArchivedSpans(traces, blocks, clocks)
    for trace_id in trace_ids(tables.cursor("index")):
        yield from spans.of_trace(trace_id)


class _Tables:
    """The tables of an archive."""

    def __init__(
        self, path: str, environment: lmdb.Environment, transaction: lmdb.Transaction
    ) -> None:
        self.transaction = transaction
        self._path = path
        self._environment = environment

    def check_format(self) -> None:
        """Raises `SpanLogError` if the file is no archive, or one of another format."""
        found = self.value("meta", b"format") or b""
        number = found.removeprefix(_FORMAT_NAME)
        if found == _FORMAT_NAME + number and number.isdigit() and int(number) == _FORMAT:
            return
        name = f"{self._path} has the format {found.decode(errors='replace')!r}"
        if found.startswith(_FORMAT_NAME) and number.isdigit() and int(number) < _FORMAT:
            raise SpanLogError(
                SpanLogError.OLDER_FORMAT,
                f"{name}, of a version before its release: merge the stores again.",
            )
        raise SpanLogError(
            SpanLogError.NEWER_FORMAT,
            f"{name}, and this version reads {_FORMAT_NAME.decode()}{_FORMAT}: update the package "
            "spanlog.",
        )

    def table(self, name: str) -> Any:
        """What LMDB knows the table by.

        Raises `SpanLogError` if there is none of this name.
        """
        try:
            return self._environment.open_db(name.encode(), self.transaction, create=False)
        except lmdb.NotFoundError as error:
            raise SpanLogError(
                SpanLogError.NOT_FOUND, f"{self._path} is no archive of spanlog merge."
            ) from error

    def cursor(self, name: str) -> lmdb.Cursor:
        """Begins in front of the table."""
        return self.transaction.cursor(self.table(name))

    def value(self, name: str, key: bytes) -> bytes | None:
        """What stands in a table under a key."""
        value = self.transaction.get(key, db=self.table(name))
        return None if value is None else bytes(value)
