"""Builds the files of a store as a loss of power leaves them, from the log of `Disk/disk.c`.

What was written to a file before its last sync is there. Of what came later, each sector is as it was
at some moment since; a file's size as well. Files that were created, renamed or removed since the
directory's last sync may not have been. That is what POSIX promises, and no file system does worse but
for sectors that are torn.
"""

import random
import struct
from dataclasses import dataclass, field

RECORD = struct.Struct("<IIQQ")
SECTOR = 512
(CREATED, RENAMED, REMOVED, DIRECTORY_SYNCED, WRITTEN, SIZED, SYNCED, WRITTEN_DURABLY, SAID, MAPPED) = range(1, 11)


@dataclass
class Event:
    kind: int
    file: int
    offset: int
    data: bytes


def read_log(path):
    """The events in the order in which they happened."""
    content, events, position = path.read_bytes(), [], 0
    # A process that was killed may have left half a record.
    while position + RECORD.size <= len(content):
        kind, file, offset, count = RECORD.unpack_from(content, position)
        position += RECORD.size
        events.append(Event(kind, file, offset, content[position : position + count]))
        position += count
    return events


@dataclass
class File:
    durable: bytearray = field(default_factory=bytearray)
    #: What was written since, oldest first.
    pending: list = field(default_factory=list)
    has_been_synced: bool = False

    def sync(self, events):
        for event in events:
            if event.kind == SIZED:
                resize(self.durable, event.offset)
            else:
                put(self.durable, event.offset, event.data)

    def after_power_loss(self, generator, newness):
        """The content, with each sector from a random moment since the last sync."""
        content = bytearray(self.durable)
        versions = {}
        for event in self.pending:
            if event.kind == SIZED:
                # The sizes of files are on a disk's journal, in order.
                if generator.random() < newness:
                    resize(content, event.offset)
                continue
            for start in range(event.offset - event.offset % SECTOR, event.offset + len(event.data), SECTOR):
                versions.setdefault(start, []).append(event)
        for start, events in versions.items():
            moment = len(events) if generator.random() < newness else generator.randrange(len(events) + 1)
            for event in events[:moment]:
                begin = max(start, event.offset)
                end = min(start + SECTOR, event.offset + len(event.data))
                put(content, begin, event.data[begin - event.offset : end - event.offset])
        return content


def resize(content, count):
    if count < len(content):
        del content[count:]
    else:
        content.extend(bytes(count - len(content)))


def put(content, offset, data):
    if len(content) < offset:
        resize(content, offset)
    content[offset : offset + len(data)] = data


class Disk:
    """The state of a directory's files, moved on event by event.

    One that lies says that it has made something durable, and does nothing."""

    def __init__(self, is_lying=False):
        self.is_lying = is_lying
        self.files = {}
        self.durable_names = {}
        self.pending_names = []
        self.lines = []
        self._half_line = ""

    def apply(self, event):
        file = self.files.setdefault(event.file, File())
        if event.kind in (CREATED, RENAMED, REMOVED):
            self.pending_names.append(event)
        elif event.kind == DIRECTORY_SYNCED:
            self.durable_names = self._names(len(self.pending_names))
            self.pending_names = []
        elif event.kind in (WRITTEN, SIZED, MAPPED):
            file.pending.append(event)
        elif event.kind in (SYNCED, WRITTEN_DURABLY) and self.is_lying:
            file.has_been_synced = True
        elif event.kind == SYNCED:
            file.sync(file.pending)
            file.pending = []
            file.has_been_synced = True
        elif event.kind == WRITTEN_DURABLY:
            last = file.pending.pop()
            # It is on the disk before what is still pending: that must not undo it.
            file.pending = [e for e in file.pending if not overlap(e, last)]
            file.sync([last])
        elif event.kind == SAID:
            *lines, self._half_line = (self._half_line + event.data.decode()).split("\n")
            self.lines += lines

    def _names(self, count):
        names = dict(self.durable_names)
        for event in self.pending_names[:count]:
            name = event.data.decode()
            if event.kind == REMOVED:
                names.pop(name, None)
                continue
            if event.kind == RENAMED:
                names = {other: file for other, file in names.items() if file != event.file}
            names[name] = event.file
        return names

    def lose_power(self, folder, generator):
        """Writes into `folder` what is left.

        Returns the names of files that were never synced, whose content may be anything.
        """
        newness = generator.choice([0.0, 0.5, 0.9, 1.0])
        names = self._names(generator.randrange(len(self.pending_names) + 1))
        for name, number in names.items():
            file = self.files[number]
            (folder / name).write_bytes(file.after_power_loss(generator, newness))
        return {name for name, number in names.items() if not self.files[number].has_been_synced}


def overlap(event, other):
    return (
        event.kind != SIZED
        and event.offset < other.offset + len(other.data)
        and other.offset < event.offset + len(event.data)
    )


def replays(events, count, seed, is_lying=False):
    """Yields (disk, generator) at `count` random moments, in their order."""
    generator = random.Random(seed)
    moments = sorted(generator.choices(range(1, len(events) + 1), k=count))
    disk, position = Disk(is_lying), 0
    for moment in moments:
        while position < moment:
            disk.apply(events[position])
            position += 1
        yield disk, generator
