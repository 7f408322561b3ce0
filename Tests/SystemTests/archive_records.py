"""The records in the blocks of an archive, by the documented format. Shares no code with SpanLog."""

import dataclasses
import hashlib
import struct
from dataclasses import dataclass

import xxhash
import zstandard
from wire import field_bytes, fields

# Magic, checksum, version, codec, flags, header bytes, sequence, recorder, boot, spans, 0, stored and
# payload bytes.
HEADER = struct.Struct("<8sQHBBIQ16s16sII2Q")
HEADER_BYTES = 192
# The number of a block whose spans were open.
OPEN = 2**64 - 1
# The numbers of reasons why a record can be in no trace; a greater one is that of whole blocks.
UNDECODABLE_RESOURCE = 6


@dataclass(frozen=True)
class Record:
    """A span as it was recorded."""

    content: bytes
    # Its origin's fields: 2 the recorder, 3 the boot, 4 the resource, 5 the URL of its schema.
    origin: dict
    scope: bytes
    scope_schema: bytes
    # The sequence of its block, or -1 for a span that was open.
    sequence: int
    # Its place in the block, 0 for a span that was open.
    place: int

    @property
    def hash(self):
        return xxhash.xxh3_64_intdigest(self.content)

    def in_digest(self):
        """What the digest hashes of it."""
        producer = origin_id(self.origin) + len(self.scope).to_bytes(8, "little")
        producer += self.scope + self.scope_schema
        numbers = xxhash.xxh3_64_intdigest(producer), self.sequence + 1, self.place, self.hash
        return struct.pack("<4Q", *numbers)


class Blocks:
    """The table `blocks`."""

    def __init__(self, table):
        self._records, self._payloads = [], []
        copies = set()
        for number, (key, value) in enumerate(table):
            assert key == number.to_bytes(8, "big")
            recorder, boot, sequence, span_count, payload = read_block(value)
            records, is_whole = read_records(recorder, boot, sequence, payload)
            assert not is_whole or len(records) == span_count
            self._records.append(records)
            self._payloads.append((recorder, boot, sequence, payload))
            copy = recorder, sequence, hashlib.sha256(payload).digest()
            assert sequence == OPEN or copy not in copies
            copies.add(copy)

    def __len__(self):
        return len(self._records)

    def record(self, number, place):
        return self._records[number][place]

    def set_aside(self, reason, number, place):
        """A record that can be in no trace: its producer has no scope, and no resource either if that
        is what cannot be decoded."""
        if reason < UNDECODABLE_RESOURCE:
            record = self.record(number, place)
            return dataclasses.replace(record, scope=b"", scope_schema=b"")
        recorder, boot, sequence, content = self._payloads[number]
        if reason == UNDECODABLE_RESOURCE:
            content = self.record(number, place).content
        else:
            # Such a block is one record, behind those that were found in it.
            assert place == len(self._records[number])
        origin = {2: recorder, 3: boot, 4: b"", 5: b""}
        return Record(content, origin, b"", b"", *place_of(sequence, place))


def place_of(sequence, place):
    """Which spans were open is said anew with each copy, in any order."""
    return (-1, 0) if sequence == OPEN else (sequence, place)


def read_block(value):
    magic, checksum, version, codec, _, header_bytes, *found = HEADER.unpack_from(value)
    sequence, recorder, boot, span_count, _, stored, byte_count = found
    assert (magic, version, header_bytes) == (b"SPLGBLK1", 1, HEADER_BYTES)
    end = HEADER_BYTES + stored
    assert len(value) % 4096 == 4096 - 16 and not any(value[end:])
    assert xxhash.xxh3_64_intdigest(value[16:end]) == checksum
    payload = value[HEADER_BYTES:end]
    if codec == 1:
        payload = zstandard.decompress(payload)
    assert codec in (0, 1) and len(payload) == byte_count
    return recorder, boot, sequence, span_count, payload


def read_records(recorder, boot, sequence, payload):
    """The spans of a payload, and whether it could be taken apart to its end."""
    records = []
    groups, is_whole = taken_apart(payload)
    for resource_spans in contents(groups, 1):
        scopes, is_group_whole = taken_apart(resource_spans)
        if not is_group_whole:
            return records, False
        found = dict(scopes)
        origin = {2: recorder, 3: boot, 4: found.get(1, b""), 5: found.get(3, b"")}
        for scope_spans in contents(scopes, 2):
            spans, is_group_whole = taken_apart(scope_spans)
            found = dict(spans)
            scope = found.get(1, b""), found.get(3, b"")
            for content in contents(spans, 2):
                place = place_of(sequence, len(records))
                records.append(Record(content, origin, *scope, *place))
            if not is_group_whole:
                return records, False
    return records, is_whole


def taken_apart(message):
    """The fields of a message, and whether they are all of it."""
    found = []
    try:
        for field in fields(message):
            found.append(field)
    except (AssertionError, IndexError):
        return found, False
    return found, True


def contents(found, number):
    return [content for other, content in found if other == number]


def origin_id(origin):
    content = b"".join(field_bytes(number, origin[number]) for number in (2, 3, 4, 5))
    return hashlib.sha256(content).digest()[:16]
