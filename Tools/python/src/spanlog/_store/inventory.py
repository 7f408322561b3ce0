"""The files of a store, and which of them nobody writes any more."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
import time
from typing import NamedTuple

from . import layout as at
from .removals import FILE_NAME as _REMOVED

__all__ = ["Inventory", "Own", "StoredFile"]

_ID = "([0-9a-f]{32})"
_NUMBER = "(0|[1-9][0-9]{0,17})"
_SEGMENT = re.compile(f"{_ID}-{_NUMBER}[.]mdb")
_COMPACTED = re.compile(f"compacted-{_ID}-{_NUMBER}[.]mdb")
_SPOOL = re.compile(f"{_ID}[.]spool")
_BLOCK = re.compile(f"{_ID}-[0-9]+[.]block")
_LEFT = re.compile(f"(?:{_ID}|compacted-|{_REMOVED}).*[.](mdb-lock|tmp)")
# A spool without its header for so long is of a recorder that died when it was starting.
_STARTING_SECONDS_MAX = 3600


class Own(NamedTuple):
    """The recorder on whose behalf an inventory is made."""

    recorder: str
    # The least number of a segment that it may still write into.
    first_live_number: int


class StoredFile(NamedTuple):
    """A file that nobody writes any more."""

    # First, so that files sort by the time of their last change.
    modified: int
    path: str
    # What its removal makes free, with its lock file.
    byte_count: int


class Inventory:
    """What is in a store. Recorders that are dead stay so, since ids are never used again."""

    def __init__(self, directory: str, own: Own | None = None) -> None:
        """Raises ``OSError`` if the directory cannot be read."""
        self._directory = directory
        self._own = own
        self._is_dead: dict[str, bool] = {}
        self.byte_count = 0
        """The bytes of everything in the store."""
        self.leftovers: list[str] = []
        """Files that writing left behind when it was interrupted, and lock files without a
        segment."""
        files = []
        with os.scandir(directory) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    self.byte_count += status.st_size
                    if not stat.S_ISREG(status.st_mode):
                        continue
                    if self._is_finished(entry.name):
                        size = status.st_size + _byte_count(entry.path + "-lock")
                        files.append(StoredFile(status.st_mtime_ns, entry.path, size))
                    elif self._is_left(entry.name):
                        self.leftovers.append(entry.path)
        self.files = sorted(files)
        """The finished ones of this recorder, those of dead ones, and compacted segments, the
        oldest first."""

    def _is_finished(self, name: str) -> bool:
        if match := _SEGMENT.fullmatch(name):
            recorder, number = match.groups()
            if self._own and recorder == self._own.recorder:
                return int(number) < self._own.first_live_number
            return self._has_died(recorder)
        if _COMPACTED.fullmatch(name):
            return True
        match = _SPOOL.fullmatch(name) or _BLOCK.fullmatch(name)
        return bool(match) and self._has_died(match[1])  # type: ignore[index]

    def _is_left(self, name: str) -> bool:
        match = _LEFT.fullmatch(name)
        if not match:
            return False
        recorder, kind = match.groups()
        if recorder and not self._has_died(recorder):
            return False
        if kind == "tmp":
            return True
        # A segment's own lock file goes with it.
        return not os.path.lexists(os.path.join(self._directory, name.removesuffix("-lock")))

    def _has_died(self, recorder: str) -> bool:
        if self._own and recorder == self._own.recorder:
            return False
        if recorder not in self._is_dead:
            self._is_dead[recorder] = _is_dead(os.path.join(self._directory, f"{recorder}.spool"))
        return self._is_dead[recorder]


def _byte_count(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0


def _is_dead(spool: str) -> bool:
    """Whether the recorder's process has ended, or shut the recorder down.

    A recorder makes its spool before any other file, and removes it when it has shut down; in
    between it holds the lock. In the moment between making the file and locking it, it has no header
    yet.
    """
    try:
        descriptor = os.open(spool, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except FileNotFoundError:
        return True
    except OSError:  # One that cannot be opened tells nothing.
        return False
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return False
        if os.pread(descriptor, len(at.SPOOL_MAGIC), 0) != at.SPOOL_MAGIC:
            if status.st_mtime > time.time() - _STARTING_SECONDS_MAX:
                return False
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        # Said, not left to closing: a process that is just forked off has the descriptor too.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
