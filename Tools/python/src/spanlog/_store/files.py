"""The few things that a store asks of the file system."""

from __future__ import annotations

import contextlib
import os
import secrets

__all__ = ["network_file_system", "remove_file", "replace_file", "sync_directory"]

_NETWORK_TYPES = frozenset(
    "9p afs beegfs ceph cifs coda fuse.ceph-fuse fuse.davfs2 fuse.gcsfuse fuse.glusterfs "
    "fuse.juicefs fuse.rclone fuse.s3fs fuse.sshfs gfs2 glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2 "
    "orangefs panfs pvfs2 smb3 smbfs".split()
)


def sync_directory(path: str) -> None:
    """Makes the directory's entries durable: new files and changed names."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: str, content: bytes) -> None:
    """Creates or replaces a file in one step: readers see the old content or the new one.

    Raises ``OSError``; the file is then as it was, and nothing else is left behind.
    """
    temporary = f"{path}.{os.getpid()}-{secrets.randbits(32)}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(temporary, path)
    except BaseException:
        remove_file(temporary)
        raise


def remove_file(path: str) -> None:
    """Removes a file. One that is not there, or cannot be removed, is left alone."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def network_file_system(path: str) -> str | None:
    """The type of the network file system that holds ``path``, or ``None`` if it is a local one.

    Told by the names in ``/proc/self/mountinfo``: on such a file system a memory map may show stale
    data and a lock may not hold.
    """
    device = os.stat(path).st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    for line in lines:
        fields = line.split(" ")
        if len(fields) > 2 and fields[2] == number and "-" in fields:
            kind = fields[fields.index("-") + 1]
            if kind in _NETWORK_TYPES:
                return kind
    return None
