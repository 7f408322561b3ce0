"""Reads stores and archives, for notebooks and tests."""

from .archives import read_archive
from .frames import read_frame
from .spans import read_spans

__all__ = ["read_archive", "read_frame", "read_spans"]
