"""Attributes as OTLP's ``KeyValue`` messages."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .protobuf import ONE_BYTE, delimited, varint

__all__ = ["attribute_fields", "text_bytes"]

_DOUBLE = struct.Struct("<d")
_LEAST, _GREATEST = -(2**63), 2**63 - 1
_TRUE, _FALSE = b"\x10\x01", b"\x10\x00"
_TRUE_VALUE, _FALSE_VALUE = b"\x02" + _TRUE, b"\x02" + _FALSE
# An AnyValue of a short text, without the text: its length, the text's tag and its length.
_SHORT_TEXT = tuple(ONE_BYTE[n + 2] + b"\n" + ONE_BYTE[n] for n in range(126))
# One of a small integer, with its length.
_SMALL_MAX = 1024
_SMALL_INTEGER = tuple(delimited(b"", b"\x18" + varint(n)) for n in range(_SMALL_MAX))
_DOUBLE_VALUE = struct.Struct("<2sd")
# Keys recur, so each is encoded once; programs that make keys up at run time fill no memory.
_KEYS_MAX = 4096
_keys: dict[str, bytes] = {}


def text_bytes(text: str) -> bytes:
    """The text in UTF-8; what has no place there, half a surrogate pair, becomes a question
    mark."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def attribute_fields(
    tag: bytes, items: Iterable[tuple[str, Any]], fields: list[bytes] | None = None
) -> list[bytes]:
    """A field with ``tag`` for each attribute, behind the ``fields`` that are there.

    Values are OpenTelemetry's: texts, numbers, truth values, bytes, ``None``, and sequences and
    mappings of them; anything else becomes its text.
    """
    # This is the greater part of what recording a span costs, so what is frequent is done in place.
    if fields is None:
        fields = []
    for key, value in items:
        head = _keys.get(key) or _key(key)
        kind = type(value)
        if kind is str:
            try:
                content = value.encode()
            except UnicodeEncodeError:
                content = text_bytes(value)
            count = len(content)
            if count < 126:
                body = head + _SHORT_TEXT[count] + content
            else:
                body = head + _long_text(content)
        elif kind is int and 0 <= value < _SMALL_MAX:
            body = head + _SMALL_INTEGER[value]
        elif kind is float:
            body = head + _DOUBLE_VALUE.pack(b"\x09!", value)
        elif kind is bool:
            body = head + (_TRUE_VALUE if value else _FALSE_VALUE)
        else:
            body = head + delimited(b"", any_value(value))
        count = len(body)
        if count < 128:
            fields.append(tag + ONE_BYTE[count] + body)
        else:
            fields.append(tag + varint(count) + body)
    return fields


def any_value(value: Any) -> bytes:
    """An OTLP ``AnyValue``; that of ``None`` is empty."""
    if value is None:
        return b""
    if isinstance(value, bool):
        return _TRUE if value else _FALSE
    if isinstance(value, str):
        return delimited(b"\n", text_bytes(value))
    if isinstance(value, int):
        # OTLP has integers of 64 bits; a larger one is kept as the text of its digits.
        if _LEAST <= value <= _GREATEST:
            return b"\x18" + varint(value & 0xFFFF_FFFF_FFFF_FFFF)
        return delimited(b"\n", str(value).encode())
    if isinstance(value, float):
        return b"!" + _DOUBLE.pack(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return delimited(b":", bytes(value))
    if isinstance(value, Mapping):
        pairs = ((str(key), item) for key, item in value.items())
        return delimited(b"2", b"".join(attribute_fields(b"\n", pairs)))
    if isinstance(value, Sequence):
        return delimited(b"*", b"".join(delimited(b"\n", any_value(item)) for item in value))
    return delimited(b"\n", text_bytes(str(value)))


def _key(key: str) -> bytes:
    """The key's field, and the tag of the value that follows."""
    head = delimited(b"\n", text_bytes(key)) + b"\x12"
    if len(_keys) < _KEYS_MAX:
        _keys[key] = head
    return head


def _long_text(content: bytes) -> bytes:
    field = b"\n" + varint(len(content)) + content
    return varint(len(field)) + field
