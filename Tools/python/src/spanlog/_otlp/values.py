"""Attributes as OTLP's ``KeyValue`` messages."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .protobuf import delimited, varint

__all__ = ["Keys", "attribute_fields", "text_bytes"]

_pack_double = struct.Struct("<d").pack
_LEAST, _GREATEST = -(2**63), 2**63 - 1
_TRUE, _FALSE = b"\x10\x01", b"\x10\x00"
# Keys recur, and so do many short values: their encodings are kept, up to a number of each, so that
# programs which make them up at run time fill no memory.
_KEYS_MAX = 1024
_VALUES_MAX = 32
_KEPT_BYTES_MAX = 128
_TEXT_HEADS_MAX = 64


class _Known(dict[str | int, bytes]):
    """Attributes with one key under one tag, by their values: texts and integers, which never equal
    each other. What is asked for and is not there is made."""

    __slots__ = ("double_head", "false", "head", "tag", "text_heads", "true")

    def __init__(self, tag: bytes, key: str) -> None:
        self.tag = tag
        # The key's field, and the tag of the value that follows.
        self.head = delimited(b"\n", text_bytes(key)) + b"\x12"
        # Attributes without the text itself, by the number of its bytes.
        self.text_heads: dict[int, bytes] = {}
        self.double_head = self.field(b"!" + _pack_double(0))[:-8]
        self.true, self.false = self.field(_TRUE), self.field(_FALSE)

    def field(self, value: bytes) -> bytes:
        """The attribute with a serialized ``AnyValue``."""
        return delimited(self.tag, self.head + delimited(b"", value))

    def __missing__(self, value: str | int) -> bytes:
        if type(value) is str:
            try:
                content = value.encode()
            except UnicodeEncodeError:
                content = text_bytes(value)
            head = self.text_heads.get(len(content)) or self._text_head(content)
            field = head + content
        else:
            field = self.field(recorded_value(value))
        if len(self) < _VALUES_MAX and len(field) < _KEPT_BYTES_MAX:
            self[value] = field
        return field

    def _text_head(self, content: bytes) -> bytes:
        field = self.field(delimited(b"\n", content))
        head = field[: len(field) - len(content)]
        if len(self.text_heads) < _TEXT_HEADS_MAX:
            self.text_heads[len(content)] = head
        return head


class Keys(dict[str, _Known]):
    """What is known of keys under one tag. What is asked for and is not there is made."""

    __slots__ = ("_tag",)

    def __init__(self, tag: bytes) -> None:
        self._tag = tag

    def __missing__(self, key: str) -> _Known:
        if type(key) is not str:
            return _Known(self._tag, str(key))
        known = _Known(self._tag, key)
        if len(self) < _KEYS_MAX:
            self[key] = known
        return known


_PAIRS = Keys(b"\n")


def text_bytes(text: str) -> bytes:
    """The text in UTF-8; what has no place there, half a surrogate pair, becomes a question
    mark."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def attribute_fields(
    keys: Keys, items: Iterable[tuple[str, Any]], fields: list[bytes] | None = None
) -> list[bytes]:
    """A field for each attribute, with the tag of ``keys``, behind the ``fields`` that are there.

    Values are OpenTelemetry's: texts, numbers, truth values, bytes, ``None``, and sequences and
    mappings of them; anything else becomes its text.
    """
    # This is the greater part of what recording a span costs, so what is frequent is done in place.
    if fields is None:
        fields = []
    for key, value in items:
        kind = type(value)
        if kind is str or kind is int:
            fields.append(keys[key][value])
        elif kind is float:
            fields.append(keys[key].double_head + _pack_double(value))
        elif kind is bool:
            fields.append(keys[key].true if value else keys[key].false)
        else:
            fields.append(keys[key].field(recorded_value(value)))
    return fields


def recorded_value(value: Any) -> bytes:
    """An OTLP ``AnyValue``; that of a value which cannot be encoded says so, and costs no span."""
    try:
        return any_value(value)
    except Exception:  # A text of its own that raises, a list in itself, 5,000 digits.
        return delimited(b"\n", text_bytes(f"<{type(value).__name__} that cannot be recorded>"))


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
        return b"!" + _pack_double(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return delimited(b":", bytes(value))
    if isinstance(value, Mapping):
        pairs = ((str(key), item) for key, item in value.items())
        return delimited(b"2", b"".join(attribute_fields(_PAIRS, pairs)))
    if isinstance(value, Sequence):
        return delimited(b"*", b"".join(delimited(b"\n", any_value(item)) for item in value))
    return delimited(b"\n", text_bytes(str(value)))
