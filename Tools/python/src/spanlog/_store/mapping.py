"""The memory of a spool: a file that survives the process."""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import struct

from xxhash import xxh3_64_intdigest

from . import layout as at
from .block import Sealer
from .files import remove_file
from .layout import SpoolLayout

__all__ = ["SpoolMapping"]

_FIXED = struct.Struct("<HHI8x16s16s6I")


class SpoolMapping:
    """A new file, mapped, with its space reserved: writing into it never meets a full disk, which
    would be a fatal signal.

    Holds the lock that tells the living from the dead, until it is closed or the process ends.
    """

    def __init__(self, path: str, layout: SpoolLayout) -> None:
        """Makes the file, which must not be there. Raises ``OSError``; no file is left then."""
        self.path = path
        self.layout = layout
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            # The lock belongs to a descriptor of its own, which a forked child can close. `mmap`
            # keeps a copy of the other one, which it cannot.
            self._lock = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX)
                os.posix_fallocate(descriptor, 0, layout.byte_count)
                self.bytes = mmap.mmap(descriptor, layout.byte_count)
            except BaseException:
                os.close(self._lock)
                raise
        except BaseException:
            remove_file(path)
            raise
        finally:
            os.close(descriptor)
        # Numbers that others read meanwhile go through this view, which writes a word at once.
        self.words = memoryview(self.bytes).cast("Q")
        self.halves = memoryview(self.bytes).cast("I")

    def write_header(self, sealer: Sealer) -> None:
        """Writes what stays as it is. The magic comes last: a file with it is complete."""
        layout = self.layout
        fixed = _FIXED.pack(
            at.SPOOL_VERSION, 0, at.HEADER_BYTE_COUNT, sealer.recorder_id, sealer.boot_id,
            layout.chunk_count, layout.chunk_byte_count, layout.slot_count, at.SLOT_BYTE_COUNT,
            layout.resource_byte_count, layout.scope_byte_count,
        )  # fmt: skip
        fixed = fixed.ljust(at.VARIABLE_FROM - at.CHECKED_FROM, b"\0")
        texts = sealer.resource + sealer.scope
        self.bytes[at.CHECKED_FROM : at.VARIABLE_FROM] = fixed
        self.bytes[at.HEADER_BYTE_COUNT : at.HEADER_BYTE_COUNT + len(texts)] = texts
        self.words[at.CHECKSUM // 8] = xxh3_64_intdigest(fixed + texts)
        self.words[0] = int.from_bytes(at.SPOOL_MAGIC, "little")

    def close(self) -> None:
        """Gives up memory and lock. The file stays."""
        self.unlock()
        # Somebody may still be looking at the memory; it goes when they are done.
        with contextlib.suppress(BufferError):
            self.words.release()
            self.halves.release()
            self.bytes.close()

    def unlock(self) -> None:
        """Gives up the lock alone, as a forked child must: the spool is its parent's."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
