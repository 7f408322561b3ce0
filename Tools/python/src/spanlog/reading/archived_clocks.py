"""Corrects times as they are read from an archive."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import lmdb
from opentelemetry.sdk.resources import Resource

from .chunks import payload_of
from .clock_lines import Seal
from .corrections import Correction, corrections_of
from .messages import fields, members, packed, signed

__all__ = ["ArchivedClocks", "domain_of"]


class ArchivedClocks:
    """The corrections of an archive, and when blocks were sealed."""

    def __init__(self, message: bytes, seals: lmdb.Cursor) -> None:
        """``seals`` is in the table of that name."""
        self._corrections = corrections_of(message)
        self._cursor = seals
        self._chunk: dict[tuple[bytes, int], int] = {}
        self._keys = (b"\xff", b"")

    def correction(self, domain: str) -> Correction | None:
        """That of a clock domain, or ``None`` for one that the merge did not see."""
        return self._corrections.get(domain)

    def seal(self, recorder: bytes, number: int) -> Seal:
        """When a span's block was sealed. ``number`` is the block's sequence plus 1; 0 for a span that
        was open."""
        if number == 0 or (own := self._sealed(recorder, number - 1)) is None:
            return Seal()
        return Seal(own, self._sealed(recorder, number - 2) if number > 1 else None)

    def _sealed(self, recorder: bytes, sequence: int) -> int | None:
        key = recorder + sequence.to_bytes(8, "big")
        first, last = self._keys
        if not first <= key <= last:
            # What a key leads to is in the first chunk whose key is not less.
            self._keys, self._chunk = (key, key), {}
            if self._cursor.set_range(key):
                self._keys = (key, bytes(self._cursor.key()))
                self._chunk = dict(_seals(payload_of(bytes(self._cursor.value()))))
        return self._chunk.get((recorder, sequence))


def _seals(payload: bytes) -> Iterator[tuple[tuple[bytes, int], int]]:
    for entry in members(payload, 1):
        found = dict(fields(entry))
        recorder, blocks = found.get(1), found.get(2)
        if not isinstance(recorder, bytes) or not isinstance(blocks, bytes):
            continue
        sequence = sealed = 0
        numbers = iter(packed(blocks))
        for number, time in zip(numbers, numbers, strict=False):
            sequence += number
            sealed += signed(time)
            yield (recorder, sequence), sealed


def domain_of(boot: bytes, serialized: bytes, resource: Resource) -> str:
    """The clock domain of an origin: its boot, or where that is unknown, the instance that its
    resource names."""
    if len(boot) == 16 and any(boot):
        return f"boot:{boot.hex()}"
    service, instance = (
        value if isinstance(value, str) else ""
        for value in map(resource.attributes.get, ("service.name", "service.instance.id"))
    )
    instance = instance or hashlib.sha256(serialized).hexdigest()[:16]
    return f"instance:{service}/{instance}"
