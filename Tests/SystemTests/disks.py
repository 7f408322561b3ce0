"""A disk that a test controls: see Disk/disk.c."""

import contextlib
import errno
import functools
import subprocess
import tempfile
from pathlib import Path

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
