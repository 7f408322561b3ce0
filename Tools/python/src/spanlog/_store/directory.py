"""The directory of a store: its marker, and whether it can be written."""

from __future__ import annotations

import errno
import os

from ..errors import SpanLogError
from .files import network_file_system, replace_file

__all__ = ["MARKER_NAME", "check_version", "open_for_writing"]

MARKER_NAME = "spanlog-store"
_VERSION = 1


def open_for_writing(path: str) -> None:
    """Makes ``path`` a store if it is none yet. Any number of processes may do so at a time.

    Raises `SpanLogError` with a code that says what stands in the way.
    """
    try:
        _make(path)
    except OSError as error:
        raise _open_error(path, error) from error
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise SpanLogError(
            SpanLogError.NO_PERMISSION,
            f"Cannot write into {path}: give the service's user the directory (chown, chmod 700), "
            "or set SPANLOG_DIR to another one.",
        )
    if kind := network_file_system(path):
        raise SpanLogError(
            SpanLogError.NETWORK_FILE_SYSTEM,
            f"{path} lies on a network file system ({kind}), where a store is not safe: set "
            "SPANLOG_DIR to a directory on a local disk, and copy the store afterwards.",
        )
    if not check_version(path):
        _mark(path)


def _make(path: str) -> None:
    """Makes a directory with mode 0700, and its parents. One that is there already is left alone."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(os.path.abspath(path))
    if not os.path.lexists(parent):
        _make(parent)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:  # Another process was faster, or it is a file.
        if not os.path.isdir(path):
            raise


def check_version(path: str) -> bool:
    """Whether the directory is marked as a store. Raises if this package cannot read it."""
    marker = os.path.join(path, MARKER_NAME)
    try:
        with open(marker, "rb") as file:
            words = file.read(64).split()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _open_error(marker, error) from error
    if len(words) < 2 or words[0] != MARKER_NAME.encode() or not words[1].isdigit():
        raise SpanLogError(
            SpanLogError.DAMAGED,
            f"{marker} is damaged: delete this one file, and the store can be read and written "
            "again.",
        )
    if int(words[1]) > _VERSION:
        raise SpanLogError(
            SpanLogError.NEWER_FORMAT,
            f"{path} is a store of format {int(words[1])}, and this version of SpanLog knows "
            f"{_VERSION}: update SpanLog, or use another directory.",
        )
    return True


def _mark(path: str) -> None:
    try:
        replace_file(os.path.join(path, MARKER_NAME), f"{MARKER_NAME} {_VERSION}\n".encode())
    except OSError as error:
        raise SpanLogError(
            SpanLogError.WRITE_FAILED,
            f"Cannot write into {path}: make room or choose another directory ({error}).",
        ) from error


def _open_error(path: str, error: OSError) -> SpanLogError:
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return SpanLogError(
            SpanLogError.NOT_A_DIRECTORY,
            f"{path} is not a directory: choose another path or move the file away.",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return SpanLogError(
            SpanLogError.NO_PERMISSION,
            f"No permission for {path}: change its owner or mode, or run as its owner.",
        )
    if error.errno == errno.EROFS:
        return SpanLogError(
            SpanLogError.WRITE_FAILED,
            f"{path} lies on a read-only file system: choose another directory.",
        )
    return SpanLogError(SpanLogError.WRITE_FAILED, f"Cannot make the store {path}: {error}.")
