"""A disk that a test controls: see Disk/disk.c."""

import contextlib
import errno
import functools
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent / "Disk/disk.c"


@functools.cache
def library():
    """The library to load into a process, built for this run of the tests."""
    folder = tempfile.TemporaryDirectory(prefix="spanlog-disk-")
    path = Path(folder.name) / "disk.so"
    command = ["cc", "-O1", "-shared", "-fPIC", "-Wall", "-Werror", "-o", path, SOURCE, "-ldl"]
    subprocess.run(command, check=True)
    return folder, path


def environment(store, *, log=None, fault=None):
    """The variables for a process whose store is on this disk."""
    _, path = library()
    variables = {"LD_PRELOAD": str(path), "DISK_DIRECTORY": str(store)}
    if log:
        variables["DISK_LOG"] = str(log)
    if fault:
        variables["DISK_FAULT"] = str(fault)
    return variables


@contextlib.contextmanager
def failing(fault, number, calls):
    """While this lasts, calls fail: those that write (`w`), or that make durable (`s`)."""
    temporary = fault.with_suffix(".new")
    temporary.write_text(f"{number} {calls}")
    temporary.rename(fault)
    try:
        yield errno.errorcode[number]
    finally:
        fault.unlink()


@contextlib.contextmanager
def small(folder, size):
    """A file system of this size at `folder`, which is made."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "spanlog-test", folder]
    if subprocess.run(command, stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("no permission to mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder):
    """Takes all the room that there is; returns the file that has it."""
    path = folder / "filling"
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC
    return path


def used(folder):
    """The bytes in use, those of files without a name included."""
    status = os.statvfs(folder)
    return (status.f_blocks - status.f_bfree) * status.f_frsize
