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
# Keys recur, and so do many short values: their encodings are kept, up to a number of each, so that
# programs which make them up at run time fill no memory.
_KEYS_MAX = 4096
_VALUES_MAX = 32
_KEPT_TEXT_MAX = 64


class _Key:
    """A key under one tag: its field with the tag of the value that follows, and whole attributes by
    texts and integers, which never equal each other."""

    __slots__ = ("attributes", "head")

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.attributes: dict[str | int, bytes] = {}


_keys: dict[bytes, dict[str, _Key]] = {}


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
    keys = _keys.get(tag)
    if keys is None:
        keys = _keys.setdefault(tag, {})
    for key, value in items:
        known = keys.get(key) or _key(keys, key)
        kind = type(value)
        if kind is str or kind is int:
            field = known.attributes.get(value)
            if field is None:
                field = _attribute(tag, known, value)
        elif kind is float:
            body = known.head + _DOUBLE_VALUE.pack(b"\x09!", value)
            count = len(body)
            field = tag + (ONE_BYTE[count] if count < 128 else varint(count)) + body
        elif kind is bool:
            field = delimited(tag, known.head + (_TRUE_VALUE if value else _FALSE_VALUE))
        else:
            field = delimited(tag, known.head + delimited(b"", any_value(value)))
        fields.append(field)
    return fields


def _attribute(tag: bytes, key: _Key, value: str | int) -> bytes:
    """The field of an attribute with a text or an integer, which is kept if it is short."""
    if isinstance(value, str):
        content = text_bytes(value)
        count = len(content)
        is_short = count < _KEPT_TEXT_MAX
        body = key.head + (
            _SHORT_TEXT[count] + content if count < 126 else _long_text(content)
        )
    else:
        is_short = 0 <= value < _SMALL_MAX
        body = key.head + (_SMALL_INTEGER[value] if is_short else delimited(b"", any_value(value)))
    count = len(body)
    field = tag + (ONE_BYTE[count] if count < 128 else varint(count)) + body
    if is_short and len(key.attributes) < _VALUES_MAX:
        key.attributes[value] = field
    return field


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


def _key(keys: dict[str, _Key], key: str) -> _Key:
    known = _Key(delimited(b"\n", text_bytes(key)) + b"\x12")
    if len(keys) < _KEYS_MAX:
        keys[key] = known
    return known


def _long_text(content: bytes) -> bytes:
    field = b"\n" + varint(len(content)) + content
    return varint(len(field)) + field
