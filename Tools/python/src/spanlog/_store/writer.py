"""Brings spans that have ended into segments, from a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Callable

from .block import Compressor
from .retention import Retention
from .segments import SealedBlock, SegmentAppender
from .spool import Batch, Spool

__all__ = ["Writer"]

_logger = logging.getLogger("spanlog")

_GROUP_BYTES_MAX = 8 << 20
_GROUP_COUNT_MAX = 16
_RETRY_SECONDS_MAX = 10.0


class Writer:
    """The thread that writes. Nobody else waits for the disk.

    A disk that fails does not end anything: spans stay in the spool and are tried again, and what
    finds no room there meanwhile is counted and dropped.
    """

    def __init__(
        self, spool: Spool, appender: SegmentAppender, retention: Retention, *, directory: str,
        flush_interval: float, is_compressing: bool, on_tick: Callable[[], None],
    ) -> None:  # fmt: skip
        self._spool = spool
        self._appender = appender
        self._retention = retention
        self._directory = directory
        self._interval = flush_interval
        self._compressor = Compressor() if is_compressing else None
        self._on_tick = on_tick
        self._pending: list[Batch] = []
        self._failure: Exception | None = None
        self._retry_seconds = 0.0
        self._next_attempt = 0.0
        self._stored_drops = spool.drops
        # Held while there is nothing to do. A lock is all that is safe to touch in a signal
        # handler.
        self._gate = threading.Lock()
        self._gate.acquire()
        self._flushes: deque[threading.Lock] = deque()
        self._is_stopping = False
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="spanlog", daemon=True)
        spool.on_full = self._wake
        self._thread.start()

    # For other threads

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # It is awake already.
            self._gate.release()

    def flush(self, timeout: float) -> bool:
        """Returns whether everything that has ended by now is durable; at the latest in ``timeout``
        seconds. What is not is still kept, and written as soon as that is possible."""
        if self._spool.is_held_by_this_thread:
            return False
        done = threading.Lock()
        done.acquire()
        self._flushes.append(done)
        self._wake()
        if self._is_stopped:
            return self._failure is None
        return done.acquire(timeout=timeout) and self._failure is None

    def shutdown(self, timeout: float) -> bool:
        """Refuses further spans, writes what was taken, and ends the thread.

        Returns whether nothing had to be left in the spool, where readers find it. Once is enough;
        more does no harm.
        """
        if self._spool.is_held_by_this_thread:
            return False
        self._is_stopping = True
        self._wake()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)
        return not self._thread.is_alive() and self._failure is None

    # The thread

    def _run(self) -> None:
        # All signals are left to the threads of the service.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        next_tick = time.monotonic() + self._interval
        while True:
            self._gate.acquire(timeout=max(0.0, min(next_tick - time.monotonic(), 3600.0)))
            # What is asked is taken before the spans, so that a flush covers all that had ended.
            flushes = [self._flushes.popleft() for _ in range(len(self._flushes))]
            is_stopping = self._is_stopping
            if is_stopping:
                self._spool.close()
            self._spool.beat()
            is_due = time.monotonic() >= next_tick
            if is_due:
                next_tick = time.monotonic() + self._interval
            self._tick()
            self._work(is_due=is_due, is_asked=bool(flushes), is_last=is_stopping)
            if is_stopping:
                self._stop()
            for done in flushes:
                done.release()
            if is_stopping:
                return
            self._maintain()

    def _maintain(self) -> None:
        """Closes an aged segment, and lets go of what the store may not keep any longer."""
        self._appender.close_aged()
        self._retention.run(self._appender.first_live_number)

    def leave_to_parent(self) -> None:
        """Lets go of what a forked child has inherited."""
        self._spool.leave_to_parent()
        self._retention.leave_to_parent()

    def _tick(self) -> None:
        try:
            self._on_tick()
        except Exception:  # Open spans are then as they were before.
            _logger.debug("What is kept of open spans is not up to date.", exc_info=True)

    def _work(self, *, is_due: bool, is_asked: bool, is_last: bool) -> None:
        must_try = is_asked or is_last
        if self._failure:
            # What gathers goes on gathering while the disk fails: taken now and then, a few spans
            # would hold a chunk each, and the spool would be full long before its bytes are.
            self._pending += self._spool.take(include_current=False)
            if not must_try and time.monotonic() < self._next_attempt:
                return
            self._write()
            if self._failure and not is_last:
                return
        self._pending += self._spool.take(include_current=is_due or must_try)
        if is_last:
            self._pending += self._spool.last_words(self._stored_drops)
        self._write()

    def _write(self) -> None:
        while self._pending:
            group = self._first_group()
            drops = self._spool.drops
            try:
                blocks = [
                    SealedBlock(
                        batch.summary.sequence, self._spool.block(batch, drops, self._compressor)
                    )
                    for batch in group
                ]
                count = self._appender.append(blocks)
            except Exception as error:  # Whatever it is, the next attempt may go better.
                self._note_failure(error)
                return
            self._note_success()
            self._stored_drops = drops
            for batch in self._pending[:count]:
                self._spool.release(batch)
            del self._pending[:count]

    def _first_group(self) -> list[Batch]:
        """The first batches, as many as go well into one transaction: at least one."""
        byte_count = 0
        for count, batch in enumerate(self._pending[:_GROUP_COUNT_MAX]):
            byte_count += batch.byte_count
            if count and byte_count > _GROUP_BYTES_MAX:
                return self._pending[:count]
        return self._pending[:_GROUP_COUNT_MAX]

    def _note_failure(self, error: Exception) -> None:
        if not self._failure:
            _logger.error(
                "Cannot write spans into %s: free or repair the disk. Spans are kept in the spool as "
                "long as there is room. (%s)",
                self._directory,
                error,
            )
        self._failure = error
        self._retry_seconds = min(max(2 * self._retry_seconds, self._interval), _RETRY_SECONDS_MAX)
        self._next_attempt = time.monotonic() + self._retry_seconds

    def _note_success(self) -> None:
        if self._failure:
            _logger.warning("Spans are written again.")
        self._failure = None
        self._retry_seconds = 0.0

    def _stop(self) -> None:
        """Leaves the store as it is to stay."""
        self._appender.close()
        for batch in self._pending:
            self._spool.give_up(batch)
        # A spool that still holds spans stays, and readers find them there.
        if not self._pending:
            self._spool.remove()
        # Where processes live shorter than the interval, nobody else would.
        self._maintain()
        self._is_stopped = True
        while self._flushes:
            self._flushes.popleft().release()
