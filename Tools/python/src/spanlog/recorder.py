"""Records the spans of a process into a store on its own disk."""

from __future__ import annotations

import contextlib
import multiprocessing.util
import os
import secrets
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from ._otlp.resources import encoded_resource, encoded_scope
from ._store import clocks, directory
from ._store.block import Sealer
from ._store.retention import Retention
from ._store.segments import SegmentAppender
from ._store.spool import Spool
from ._store.writer import Writer
from .errors import SpanLogError
from .options import RecorderOptions

__all__ = ["Recorder"]

_EXIT_SECONDS = 30.0


class Recorder:
    """A process's writer into a store.

    A span that has ended survives the process at once, and a loss of power once the recorder's own
    thread has written it, every 0.2 s or sooner. The disk never holds up the service: if it fails,
    spans wait in the spool, and what finds no room there is counted in the store.

    Any number of processes may record into one directory. A process that is forked off gets a
    recorder of its own with its first span. At the end of the process everything is made durable.

    Most programs use `SpanLogProcessor` or `spanlog.mlflow.record`, which make one.
    """

    def __init__(
        self, store: str | os.PathLike[str] | None = None, *,
        resource: Mapping[str, Any] | None = None, options: RecorderOptions | None = None,
    ) -> None:  # fmt: skip
        """Opens the store, or creates it with mode 0700.

        ``store`` is a directory on a local disk; without one, the environment variable SPANLOG_DIR
        names it. ``resource`` has OpenTelemetry's attributes of the service, such as
        ``service.name``. Raises `SpanLogError` with a text that says what to do.
        """
        self.store = resolved_store(store)
        self._resource = dict(resource or {})
        self._options = options or RecorderOptions()
        self._opening = threading.RLock()
        self._life: _Life | None = None
        self._on_fork: list[Callable[[], None]] = []
        self._on_tick: list[Callable[[], None]] = []
        self.spool = self._open().spool
        _recorders.add(self)

    def _open(self) -> _Life:
        life = _Life(self.store, self._resource, self._options, self._tick)
        self._life = life
        # Runs when nobody refers to the recorder any more, or the process exits, whichever is
        # first.
        weakref.finalize(self, life.end)
        if multiprocessing.util is not None and multiprocessing.parent_process() is not None:
            # A child of `multiprocessing` ends without what `atexit` has registered.
            multiprocessing.util.Finalize(None, life.end, exitpriority=0)
        return life

    def ensure_open(self) -> Spool:
        """The spool of this process: a new one after a fork.

        Raises `SpanLogError` if it cannot be made.
        """
        with self._opening:
            if self._life is None:
                self.spool = self._open().spool
        return self.spool

    @property
    def is_open(self) -> bool:
        """Whether this process has a spool: a forked one has none until its first span."""
        return self._life is not None

    def on_tick(self, action: Callable[[], None]) -> None:
        """Has the recorder's thread call ``action`` each time before it looks for what to write."""
        self._on_tick.append(action)

    def on_fork(self, action: Callable[[], None]) -> None:
        """Has a forked child call ``action`` before anything else happens in it."""
        self._on_fork.append(action)

    def flush(self, timeout: float = 30.0) -> bool:
        """Returns whether every span that has ended by now is durable, after ``timeout`` seconds at
        the latest. What is not is kept, and written as soon as the disk takes it."""
        life = self._life
        return life is None or life.writer.flush(timeout)

    def shutdown(self, timeout: float = 30.0) -> bool:
        """Makes durable what has ended, and records nothing any more. Calling it again does no
        harm.

        Returns whether everything is in a segment; what is not stays in the spool, where readers of
        the store find it.
        """
        life = self._life
        return life is None or life.writer.shutdown(timeout)

    @property
    def dropped_span_count(self) -> int:
        """How many spans this recorder could not keep so far."""
        return sum(self.spool.drops[:4])

    def _tick(self) -> None:
        for action in self._on_tick:
            action()

    def _forget_parent(self) -> None:
        """Called in a forked child, which must not write what belongs to its parent."""
        if self._life:
            self._life.writer.leave_to_parent()
        self._life = None
        self._opening = threading.RLock()
        for action in self._on_fork:
            action()


class _Life:
    """A spool, and the thread that empties it, in one process."""

    def __init__(
        self, store: str, resource: Mapping[str, Any], options: RecorderOptions,
        on_tick: Callable[[], None],
    ) -> None:  # fmt: skip
        directory.open_for_writing(store)
        recorder_id = secrets.token_bytes(16)
        sealer = Sealer(
            recorder_id, clocks.boot_id(), encoded_resource(resource, recorder_id), encoded_scope()
        )
        try:
            self.spool = Spool(
                store, sealer, chunk_count=options.chunk_count,
                chunk_byte_count=options.chunk_byte_count,
                slot_count=min(max(options.open_spans_max, 0), 1 << 20),
                span_byte_count_max=min(max(options.span_bytes_max, 0), 1 << 30),
            )  # fmt: skip
        except OSError as error:
            raise SpanLogError(
                SpanLogError.WRITE_FAILED,
                f"Cannot reserve the spool's space in {store}: make room, or make the spool smaller "
                f"({error}).",
            ) from error
        appender = SegmentAppender(
            store, recorder_id, options.segment_byte_count, options.segment_age
        )
        retention = Retention(store, recorder_id, options.retention)
        self.writer = Writer(
            self.spool, appender, retention, directory=store, flush_interval=max(options.flush_interval, 0.001),
            is_compressing=options.is_compressing, on_tick=_weak(on_tick),
        )  # fmt: skip
        self._process = os.getpid()

    def end(self) -> None:
        """Makes durable what has ended; does nothing in a process that was forked off."""
        if os.getpid() == self._process:
            self.writer.shutdown(_EXIT_SECONDS)


def resolved_store(store: str | os.PathLike[str] | None) -> str:
    """The directory of the store: what the caller says, or else the environment.

    Raises `SpanLogError` if neither does.
    """
    path = os.fspath(store) if store is not None else os.environ.get("SPANLOG_DIR", "")
    if not path:
        raise SpanLogError(
            SpanLogError.NO_STORE,
            "Nobody said where to record: name a directory (store=…), or set SPANLOG_DIR.",
        )
    # A service may change its directory, and its forks record later.
    return os.path.abspath(path)


def _weak(method: Callable[[], None]) -> Callable[[], None]:
    """Calls ``method`` as long as its object is there."""
    reference = weakref.WeakMethod(method)

    def call() -> None:
        if (target := reference()) is not None:
            target()

    return call


_recorders: weakref.WeakSet[Recorder] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for recorder in list(_recorders):
        with contextlib.suppress(Exception):  # Nothing here may end somebody's process.
            recorder._forget_parent()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_after_fork_in_child)
