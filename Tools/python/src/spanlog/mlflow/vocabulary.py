"""The attributes that carry MLflow's vocabulary through a store, as FileFormat.md names them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any

__all__ = ["assessment_json", "decoded", "metadata_key", "said_at", "tag_key"]

SPAN_INPUTS = "mlflow.spanInputs"
SPAN_OUTPUTS = "mlflow.spanOutputs"
SESSION = "session.id"
USER = "user.id"
TRACE_NAME_TAG = "mlflow.traceName"
CLIENT_REQUEST_ID = "spanlog.trace.client_request_id"
REQUEST_PREVIEW = "spanlog.trace.request_preview"
RESPONSE_PREVIEW = "spanlog.trace.response_preview"
TRACE_STATE = "spanlog.trace.state"
ASSESSMENT_PREFIX = "spanlog.trace.assessment."
NOTE_NAME = "spanlog.note"
ATTACHMENT_ID = "spanlog.attachment.id"
ATTACHMENT_CONTENT_TYPE = "spanlog.attachment.content_type"
ATTACHMENT_CONTENT = "spanlog.attachment.base64"

_TAG_PREFIX = "mlflow.traceTag."
_METADATA_PREFIX = "spanlog.trace.metadata."
_SAID_AT_PREFIX = "spanlog.said_at."
# What MLflow keeps in attributes for itself, and says again when the trace is exported.
_BOOKKEEPING = frozenset(
    ("mlflow.traceRequestId", "mlflow.experimentId", "mlflow.spanStartTimeNs")
)
# What is text, even if it looks like JSON.
_TEXTS = frozenset(
    (
        "mlflow.spanType", "mlflow.llm.model", "mlflow.llm.provider", "mlflow.spanDescription",
        "mlflow.message.format", "mlflow.spanFunctionName",
    )
)  # fmt: skip
# The metadata of MLflow's own that a recorder knows; the rest is derived from the spans.
_FREE_METADATA = ("mlflow.modelId", "mlflow.sourceRun", "mlflow.user")


def said_at(key: str) -> str:
    """The attribute that tells when ``key`` was said, in nanoseconds since 1970."""
    return _SAID_AT_PREFIX + key


def tag_key(key: str) -> str:
    """The attribute for a tag of the trace."""
    return _TAG_PREFIX + key


def metadata_key(key: str) -> str | None:
    """The attribute for metadata of the trace; ``None`` for what MLflow derives from the spans."""
    if key == "mlflow.trace.session":
        return SESSION
    if key == "mlflow.trace.user":
        return USER
    if key.startswith("mlflow.") and not (
        key in _FREE_METADATA or key.startswith("mlflow.source.")
    ):
        return None
    return _METADATA_PREFIX + key


def decoded(items: Iterable[tuple[str, Any]], *, is_all_json: bool) -> list[tuple[str, Any]]:
    """The attributes of a span of MLflow's, as a store has them.

    MLflow's SDK keeps each value as JSON text. A store keeps texts, numbers and so on as what they
    are, and JSON text for inputs, outputs and the structures of MLflow's vocabulary. Where not all
    of the attributes are MLflow's, because another instrumentation set them, those are left alone.
    """
    result = []
    for key, value in items:
        if key in _BOOKKEEPING:
            continue
        is_vocabulary = key.startswith("mlflow.")
        if isinstance(value, str) and (is_all_json or is_vocabulary):
            value = _decoded(key, value, is_vocabulary)
            # Such as the type of a span whose type nobody said.
            if value is None and is_vocabulary:
                continue
        result.append((key, value))
    return result


def _decoded(key: str, text: str, is_vocabulary: bool) -> Any:
    if key in (SPAN_INPUTS, SPAN_OUTPUTS):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if key in _TEXTS:
        return value if value is None or isinstance(value, str) else text
    if is_vocabulary and (isinstance(value, (dict, list)) or _is_json(value)):
        return text
    return value


def _is_json(value: Any) -> bool:
    """Whether a text would be taken for the JSON of something."""
    return isinstance(value, str) and value.lstrip()[:1] in ('"', "[", "{")


def assessment_json(assessment: Any) -> tuple[str, str]:
    """The attribute and its value for an ``mlflow.entities.Assessment``, which gets an id if it has
    none."""
    identifier = assessment.assessment_id or f"a-{uuid.uuid4().hex}"
    assessment.assessment_id = identifier
    source = assessment.source
    content: dict[str, Any] = {
        "kind": "expectation" if assessment.expectation is not None else "feedback",
        "name": assessment.name,
        "source": {"type": str(source.source_type), "id": str(source.source_id)},
        "rationale": assessment.rationale,
        "metadata": {key: str(value) for key, value in (assessment.metadata or {}).items()} or None,
        "span_id": assessment.span_id,
    }
    error = getattr(assessment.feedback, "error", None)
    if error is not None:
        content["error_code"] = error.error_code
        content["error_message"] = error.error_message
        content["error_stack_trace"] = error.stack_trace
    content = {key: value for key, value in content.items() if value is not None}
    judged = assessment.expectation if assessment.expectation is not None else assessment.feedback
    content["value"] = getattr(judged, "value", None)
    return ASSESSMENT_PREFIX + identifier, json.dumps(content, default=str, ensure_ascii=False)
