"""Lets go of the oldest files of a store that keeps too much."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Iterator

from ..options import RetentionLimits
from ..reading.headers import gaps_of_file
from .files import remove_file
from .inventory import Inventory, Own, StoredFile
from .removals import Removals

__all__ = ["Retention"]

_logger = logging.getLogger("spanlog")

_INTERVAL_SECONDS = 60.0


class Retention:
    """Removes whole files, of recorders that are dead and of this recorder's own past, never those
    of another that lives. What they hold is recorded before.

    It is time to when a recorder's thread first wakes, be it to end, when a segment is finished,
    and once a minute.
    """

    def __init__(self, directory: str, recorder_id: bytes, limits: RetentionLimits) -> None:
        self._directory = directory
        self._recorder = recorder_id.hex()
        self._limits = limits
        self._lock = -1
        self._last: tuple[int, float] | None = None

    def run(self, first_live_number: int) -> None:
        """Enforces the limits if it is time to, and never raises.

        A store that cannot be tidied now is tidied later; that its disk fails, writing tells.
        """
        if self._limits.is_unlimited:
            return
        now = time.monotonic()
        if self._last and self._last[0] == first_live_number and now < self._last[1]:
            return
        self._last = (first_live_number, now + _INTERVAL_SECONDS)
        try:
            self.enforce(Own(self._recorder, first_live_number))
        except Exception:
            _logger.debug("Nothing is removed from %s for now.", self._directory, exc_info=True)

    def enforce(self, own: Own | None = None) -> list[str]:
        """Removes what is too old or too much, and returns its paths.

        Does nothing if another process is at it. What is removed when this raises is recorded; what
        is recorded and still there counts as there.
        """
        with self._locked() as is_locked:
            return self._enforce(own) if is_locked else []

    @contextlib.contextmanager
    def _locked(self) -> Iterator[bool]:
        self._lock = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            try:
                yield True
            finally:
                # Said, not left to closing: a process that is just forked off has the lock too.
                fcntl.flock(self._lock, fcntl.LOCK_UN)
        finally:
            self.leave_to_parent()

    def leave_to_parent(self) -> None:
        """Lets go of a lock that a forked child has inherited."""
        descriptor, self._lock = self._lock, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _enforce(self, own: Own | None) -> list[str]:
        inventory = Inventory(self._directory, own)
        for path in inventory.leftovers:
            remove_file(path)
        files = self._excess(inventory)
        if not files:
            return []
        removals = Removals.read(self._directory)
        now = time.time_ns()
        news = [removals.add(gaps_of_file(file.path, now)) for file in files]
        if any(news):
            removals.write(self._directory)
        for file in files:
            os.unlink(file.path)
            remove_file(file.path + "-lock")
        return [file.path for file in files]

    def _excess(self, inventory: Inventory) -> list[StoredFile]:
        """The oldest files, as long as they are too old or there is too much."""
        limits = self._limits
        byte_count = inventory.byte_count
        now = time.time_ns()
        files = []
        for file in inventory.files:
            is_too_much = limits.byte_count_max is not None and byte_count > limits.byte_count_max
            is_too_old = limits.age_max is not None and now - file.modified > limits.age_max * 1e9
            if not is_too_much and not is_too_old:
                break
            byte_count -= file.byte_count
            files.append(file)
        return files
