"""What MLflow would tell a tracking server about a trace, apart from its spans."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlflow.tracing.client import TracingClient

from . import vocabulary as words
from .processor import MlflowProcessor
from .traces import Traces

__all__ = ["OfflineClient"]

_PREFIX = "tr-"


class OfflineClient:
    """Takes the place of those methods of MLflow's ``TracingClient`` that write about traces.

    Feedback, expectations and tags are recorded, for traces that have ended long ago as well. What
    reads traces goes to the tracking server as before, if a user asks for it.
    """

    def __init__(self, processor: MlflowProcessor) -> None:
        self._processor = processor
        self._originals: dict[str, Callable[..., Any]] = {}

    def install(self) -> None:
        """Puts the methods in place, for all clients of the process."""
        processor = self._processor

        def initialize(client: Any, tracking_uri: str | None = None) -> None:
            # MLflow's own connects to the store here, and makes a database if nobody named one.
            client.tracking_uri = tracking_uri

        def log_assessment(client: Any, trace_id: str, assessment: Any) -> Any:
            assessment.trace_id = trace_id
            if (number := _otel_trace_id(trace_id)) is not None:
                with Traces.shared().get_trace(trace_id) as trace:
                    if trace is not None:
                        trace.info.assessments.append(assessment)
                        return assessment
                processor.record_statements(number, [words.assessment_json(assessment)])
            return assessment

        def set_trace_tag(client: Any, trace_id: str, key: str, value: Any) -> None:
            if (number := _otel_trace_id(trace_id)) is not None:
                with Traces.shared().get_trace(trace_id) as trace:
                    if trace is not None:
                        trace.info.tags[key] = str(value)
                        return
                processor.record_statements(number, [(words.tag_key(key), str(value))])

        self._replace("__init__", initialize)
        self._replace("log_assessment", log_assessment)
        self._replace("set_trace_tag", set_trace_tag)

    def uninstall(self) -> None:
        """Gives MLflow its own methods back."""
        for name, method in self._originals.items():
            setattr(TracingClient, name, method)
        self._originals.clear()

    def _replace(self, name: str, method: Callable[..., Any]) -> None:
        self._originals[name] = getattr(TracingClient, name)
        setattr(TracingClient, name, method)


def _otel_trace_id(trace_id: str | None) -> int | None:
    """The number of the trace; ``None`` for what names no trace, as when tracing is off."""
    try:
        number = int(str(trace_id).removeprefix(_PREFIX), 16)
    except ValueError:
        return None
    return number if 0 < number < 2**128 else None
