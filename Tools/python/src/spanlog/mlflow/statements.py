"""What is said about a trace as a whole, and when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from . import vocabulary as words

__all__ = ["Statements"]


class _Noting(dict[str, Any]):
    """A dictionary that tells of what is put into it."""

    def __init__(self, values: Mapping[str, Any], note: Callable[[str, Any], None]) -> None:
        super().__init__(values)
        self._note = note

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self._note(key, value)

    def update(self, *arguments: Any, **members: Any) -> None:
        for key, value in dict(*arguments, **members).items():
            self[key] = value

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]


class Statements:
    """Watches a ``TraceInfo``, from the moment that the trace is known here.

    What was said is handed out once, for a span that ends to carry it. Each statement has its time,
    so it does not matter which span that is.
    """

    def __init__(self, info: Any) -> None:
        self._info = info
        self._lock = threading.RLock()
        self._pending: dict[str, tuple[str, int]] = {}
        self._name = info.tags.get(words.TRACE_NAME_TAG)
        self._known_fields: tuple[Any, ...] = (None, None, None, None)
        self._assessment_count = 0
        # What was there from the start was said before everything else.
        for key, value in info.tags.items():
            self._note_tag(key, value, at=0)
        for key, value in info.trace_metadata.items():
            self._note_metadata(key, value, at=0)
        info.tags = _Noting(info.tags, self._note_tag)
        info.trace_metadata = _Noting(info.trace_metadata, self._note_metadata)

    def _note_tag(self, key: str, value: Any, at: int | None = None) -> None:
        if key != words.TRACE_NAME_TAG or value != self._name:
            self._note(words.tag_key(key), value, at)

    def _note_metadata(self, key: str, value: Any, at: int | None = None) -> None:
        attribute = words.metadata_key(key)
        if attribute and value not in (None, ""):
            self._note(attribute, value, at)

    def _note(self, attribute: str, value: Any, at: int | None = None) -> None:
        text = value if isinstance(value, str) else str(value)
        with self._lock:
            self._pending[attribute] = (text, time.time_ns() if at is None else at)

    def take(self) -> list[tuple[str, Any]]:
        """What was said since the last call, as attributes."""
        info = self._info
        fields = (
            info.client_request_id,
            info.request_preview,
            info.response_preview,
            # The state that a user gave the trace: until then it is in progress.
            info.state.value if info.state.value in ("OK", "ERROR") else None,
        )
        if fields != self._known_fields:
            self._note_fields(fields)
        if len(info.assessments) > self._assessment_count:
            self._note_assessments(info.assessments)
        if not self._pending:
            return []
        with self._lock:
            pending, self._pending = self._pending, {}
        result: list[tuple[str, Any]] = []
        for attribute, (text, at) in pending.items():
            result += ((attribute, text), (words.said_at(attribute), at))
        return result

    def _note_fields(self, fields: tuple[Any, ...]) -> None:
        attributes = (
            words.CLIENT_REQUEST_ID, words.REQUEST_PREVIEW, words.RESPONSE_PREVIEW, words.TRACE_STATE,
        )  # fmt: skip
        for attribute, value, known in zip(attributes, fields, self._known_fields, strict=True):
            if value is not None and value != known:
                self._note(attribute, value)
        self._known_fields = fields

    def _note_assessments(self, assessments: list[Any]) -> None:
        new = assessments[self._assessment_count :]
        self._assessment_count = len(assessments)
        for assessment in new:
            self._note(*words.assessment_json(assessment))
