"""The chunks of an archive: what it holds beside the blocks of stores."""

from __future__ import annotations

import struct

from xxhash import xxh3_64_intdigest

from .messages import MalformedError
from .payloads import content_of, is_plausible

__all__ = ["payload_of"]

_HEADER = struct.Struct("<8sQB3xIQQ")
_MAGIC = b"SPLGARC2"
_PAYLOAD_MAX = 2**32


def payload_of(chunk: bytes) -> bytes:
    """What a chunk holds.

    Raises `MalformedError` if it is not what was written.
    """
    if len(chunk) < _HEADER.size:
        raise MalformedError
    magic, checksum, codec, header_bytes, stored, byte_count = _HEADER.unpack_from(chunk)
    end = _HEADER.size + stored
    if magic != _MAGIC or header_bytes != _HEADER.size or len(chunk) < end:
        raise MalformedError
    if xxh3_64_intdigest(chunk[16:end]) != checksum:
        raise MalformedError
    if not is_plausible(codec, stored, byte_count, _PAYLOAD_MAX):
        raise MalformedError
    content = content_of(chunk[_HEADER.size : end], codec, byte_count)
    if content is None:
        raise MalformedError
    return content
