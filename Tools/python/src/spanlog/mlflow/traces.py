"""Which traces this process takes part in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from mlflow.entities.trace_info import TraceInfo
from mlflow.entities.trace_state import TraceState
from mlflow.tracing.trace_manager import InMemoryTraceManager

from .statements import Statements

__all__ = ["Traces"]

# Programs that never end some of their spans fill no more memory than this.
_TRACES_MAX = 10_000


class Traces(InMemoryTraceManager):  # type: ignore[misc]
    """MLflow's register of the traces in progress, which keeps each as long as somebody is in it.

    MLflow's own forgets a remote trace when the first of its handlers leaves it, also if another
    request of the same trace is still served, and any trace after an hour or a thousand others.
    Spans that start then are lost there. Here a trace stays until all who hold it have let go: its
    open spans, and those who are in the scope of ``set_tracing_context_from_http_request_headers``.
    """

    def __init__(self) -> None:
        super().__init__()
        if getattr(self._traces, "timeout", None) is None:
            self._traces: dict[str, Any] = {}
        self.on_leftover: Callable[[int, list[tuple[str, Any]]], None] = lambda *_: None
        """Told of what was said about a trace after its last span had ended."""
        self._holders: dict[int, int] = {}
        self._statements: dict[int, Statements] = {}

    @classmethod
    def shared(cls) -> Traces:
        """The register that all of MLflow asks. It is put in place if another one is there."""
        current = InMemoryTraceManager.get_instance()
        if isinstance(current, Traces):
            return current
        with InMemoryTraceManager._instance_lock:
            if not isinstance(InMemoryTraceManager._instance, Traces):
                InMemoryTraceManager._instance = cls()
            instance: Traces = InMemoryTraceManager._instance
            return instance

    def register_trace(
        self, otel_trace_id: int, trace_info: TraceInfo, is_remote_trace: bool = False
    ) -> None:
        """Makes a trace known, or holds it once more if it is."""
        with self._lock:
            known = self._otel_id_to_mlflow_trace_id.get(otel_trace_id)
            if is_remote_trace and known in self._traces:
                self._holders[otel_trace_id] = self._holders.get(otel_trace_id, 0) + 1
                return
            if len(self._otel_id_to_mlflow_trace_id) >= _TRACES_MAX:
                self._forget(next(iter(self._otel_id_to_mlflow_trace_id)))
            super().register_trace(otel_trace_id, trace_info, is_remote_trace=is_remote_trace)
            self._holders[otel_trace_id] = self._holders.get(otel_trace_id, 0) + 1
            self._statements[otel_trace_id] = Statements(trace_info)

    def pop_trace(self, otel_trace_id: int) -> None:
        """Lets go of a trace, and forgets it if nobody else holds it.

        Its spans are recorded one by one, so there is no need to make a trace of them here.
        """
        with self._lock:
            count = self._holders.get(otel_trace_id, 1) - 1
            if count > 0:
                self._holders[otel_trace_id] = count
                return
            self._forget(otel_trace_id)

    def _forget(self, otel_trace_id: int) -> None:
        left = self.said(otel_trace_id)
        self._holders.pop(otel_trace_id, None)
        self._statements.pop(otel_trace_id, None)
        trace_id = self._otel_id_to_mlflow_trace_id.pop(otel_trace_id, None)
        if trace_id is not None:
            self._traces.pop(trace_id, None)
        if left:
            self.on_leftover(otel_trace_id, left)

    def hold(self, otel_trace_id: int, trace_id: str) -> None:
        """Keeps a trace known for a span of it, which may come after everybody else has left."""
        with self._lock:
            if trace_id in self._traces:
                self._holders[otel_trace_id] = self._holders.get(otel_trace_id, 0) + 1
                return
            info = TraceInfo(
                trace_id=trace_id,
                trace_location=None,
                request_time=None,
                state=TraceState.IN_PROGRESS,
            )
            self.register_trace(otel_trace_id, info, is_remote_trace=True)

    def forget_parent(self) -> None:
        """In a forked child: somebody else may have held the lock, who is not here."""
        self._lock = threading.RLock()

    def said(self, otel_trace_id: int) -> list[tuple[str, Any]]:
        """What was said about a trace since the last call, as attributes."""
        statements = self._statements.get(otel_trace_id)
        return statements.take() if statements else []

    def forget_span(self, trace_id: str, span_id: str) -> Any:
        """Takes a span out of its trace, which is recorded. Returns MLflow's object for it."""
        with self._lock:
            trace = self._traces.get(trace_id)
            return trace.span_dict.pop(span_id, None) if trace else None
