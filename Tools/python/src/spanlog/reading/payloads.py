"""Payloads as blocks and chunks store them."""

from __future__ import annotations

import zstandard

__all__ = ["content_of", "is_plausible"]

_NOT_COMPRESSED, _ZSTANDARD = 0, 1
_RATIO_MAX = 1024


def is_plausible(codec: int, stored: int, byte_count: int, byte_count_max: int) -> bool:
    """Whether a payload may have these lengths: a small forged file must not fill the memory."""
    if codec == _NOT_COMPRESSED:
        return stored == byte_count <= byte_count_max
    return (
        codec == _ZSTANDARD
        and max(stored, byte_count) <= byte_count_max
        and byte_count // _RATIO_MAX <= stored
    )


def content_of(stored: bytes, codec: int, byte_count: int) -> bytes | None:
    """What was stored, or ``None`` if it is not what its lengths say, which must be plausible."""
    if codec == _NOT_COMPRESSED:
        return stored
    try:
        if zstandard.frame_content_size(stored) != byte_count:
            return None
        return zstandard.ZstdDecompressor().decompress(stored, max_output_size=byte_count)
    except zstandard.ZstdError:
        return None
