"""Messages of Protocol Buffers whose fields OTLP does not know."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["MalformedError", "fields", "members", "packed", "signed"]


class MalformedError(Exception):
    """The bytes are no message."""


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message by number: numbers as they are encoded, everything else as bytes.

    Raises `MalformedError`.
    """
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        number, kind = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise MalformedError
        if kind == 0:
            value, position = _varint(message, position)
            yield number, value
            continue
        if kind == 2:
            length, position = _varint(message, position)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise MalformedError
        end = position + length
        if end > len(message):
            raise MalformedError
        content = message[position:end]
        yield number, content if kind == 2 else int.from_bytes(content, "little")
        position = end


def members(message: bytes, number: int) -> Iterator[bytes]:
    """The messages or texts in one field."""
    return (value for found, value in fields(message) if found == number and isinstance(value, bytes))


def packed(content: bytes) -> list[int]:
    """The numbers of a packed field."""
    numbers = []
    position = 0
    while position < len(content):
        number, position = _varint(content, position)
        numbers.append(number)
    return numbers


def signed(number: int) -> int:
    """What a ``sint64`` stands for."""
    return number >> 1 ^ -(number & 1)


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(message) and shift < 70:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position
    raise MalformedError
