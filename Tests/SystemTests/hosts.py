"""Processes as on hosts of their own: with a boot id and a wall clock that a test sets.

libfaketime moves CLOCK_REALTIME by what a file says, and leaves the clock since boot alone. All
processes of a machine share the kernel's boot id; a mount that only one process sees gives it another.
"""

import os
import subprocess
import uuid
from pathlib import Path

LIBRARIES = list(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
BOOT_ID = "/proc/sys/kernel/random/boot_id"


class WallClock:
    """The wall clock of processes that are started with ``environment`` by ``launcher``."""

    def __init__(self, path, offset="+0"):
        self._path = path
        self.set_by(offset)
        self.environment = {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(path),
            "FAKETIME_NO_CACHE": "1",
            # CLOCK_BOOTTIME is one of those.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        # The library's start adds a variable to the environment, and moves it by that; Swift then
        # does not find the arguments, which stood before it. In `env` it does so once for both.
        self.launcher = ["env"]

    def set_by(self, offset):
        """Sets the clock to the machine's plus an offset, such as "-3600" seconds."""
        temporary = self._path.with_suffix(".new")
        temporary.write_text(f"{offset}\n")
        os.rename(temporary, self._path)


def remove_shared_memory():
    """Removes what libfaketime leaves of processes that have ended."""
    for left in Path("/dev/shm").glob("*faketime_*"):
        process = left.name.rpartition("_")[2]
        if not Path(f"/proc/{process}").exists():
            left.unlink(missing_ok=True)


class Host:
    """A host with a boot of its own, whose wall clock is off by so much."""

    def __init__(self, folder, offset="+0"):
        folder.mkdir(parents=True)
        boot = uuid.uuid4()
        self.domain = f"boot:{boot.hex}"
        (folder / "boot_id").write_text(f"{boot}\n")
        self.clock = WallClock(folder / "offset", offset)
        mount = f'mount --bind "$0" {BOOT_ID} && exec env "$@"'
        variables = [f"{name}={value}" for name, value in self.clock.environment.items()]
        # Only the process itself has a false clock, not those that start it.
        self.launcher = [*unshare(), "sh", "-c", mount, folder / "boot_id", *variables, *self.clock.launcher]


def unshare():
    """The command that runs another one with mounts of its own."""
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *as_root, "--mount"]


def can_be_made():
    """Whether this machine lets a process have mounts of its own."""
    mount = ["sh", "-c", f"mount --bind /dev/null {BOOT_ID}"]
    return subprocess.run([*unshare(), *mount], capture_output=True).returncode == 0
