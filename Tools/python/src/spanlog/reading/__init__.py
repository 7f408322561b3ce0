"""Reads stores and archives, for notebooks and tests."""

from .archived_spans import ArchivedSpan
from .archives import read_archive
from .corrections import SpanClock
from .frames import read_frame
from .spans import read_spans

__all__ = ["ArchivedSpan", "SpanClock", "read_archive", "read_frame", "read_spans"]
