"""What can go wrong, each with its remedy."""

from __future__ import annotations

__all__ = ["SpanLogError"]


class SpanLogError(Exception):
    """A store cannot be used, or a setting is wrong. The text says what to do.

    ``code`` is one of the constants below, for programs that react to it.
    """

    NO_STORE = "no_store"
    NOT_FOUND = "not_found"
    NOT_A_DIRECTORY = "not_a_directory"
    NO_PERMISSION = "no_permission"
    NETWORK_FILE_SYSTEM = "network_file_system"
    OLDER_FORMAT = "older_format"
    NEWER_FORMAT = "newer_format"
    DAMAGED = "damaged"
    WRITE_FAILED = "write_failed"
    READ_FAILED = "read_failed"
    UNSUPPORTED = "unsupported"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
