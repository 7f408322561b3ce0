"""The encoding of Protocol Buffers, as far as OTLP's messages need it."""

from __future__ import annotations

__all__ = ["ONE_BYTE", "delimited", "varint"]

# A number below 128 is one byte: most lengths are.
ONE_BYTE = tuple(bytes((number,)) for number in range(128))


def varint(number: int) -> bytes:
    """``number``, which must not be negative, in seven bits a byte."""
    if number < 0x80:
        return ONE_BYTE[number]
    result = bytearray()
    while number >= 0x80:
        result.append(number & 0x7F | 0x80)
        number >>= 7
    result.append(number)
    return bytes(result)


def delimited(tag: bytes, content: bytes) -> bytes:
    """A field whose value is bytes, text or a message."""
    return tag + varint(len(content)) + content
