"""Puts the recorder into MLflow's tracing, and takes it out again."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.trace import SpanLimits, TracerProvider

from ..errors import SpanLogError
from ..options import RecorderOptions
from ..processor import SpanLogProcessor
from .client import OfflineClient
from .processor import MlflowProcessor

__all__ = ["Recording", "record"]

# MLflow records a streamed answer as one event for each chunk; OpenTelemetry would keep 128 of
# them.
_COUNT_MAX = 65_536

_lock = threading.Lock()
_current: Recording | None = None


def record(
    store: str | os.PathLike[str] | None = None, *, service_name: str | None = None,
    resource: Mapping[str, Any] | None = None, options: RecorderOptions | None = None,
) -> Recording:  # fmt: skip
    """Has everything that MLflow traces in this process recorded into a store.

    Call it once, when the service starts. ``store`` is a directory on a local disk; without it, the
    environment variable SPANLOG_DIR names one. ``service_name`` goes before OTEL_SERVICE_NAME. No
    tracking URI is needed, no server is asked, and no network is used. A second call replaces the
    first.

    Raises `SpanLogError` with a text that says what to do.
    """
    global _current
    attributes = dict(resource or {})
    if service_name:
        attributes["service.name"] = service_name
    with _lock:
        if _current:
            _current._uninstall()
        _current = Recording(SpanLogProcessor(store, resource=attributes, options=options))
        return _current


class Recording:
    """MLflow's tracing, as it is recorded into a store."""

    def __init__(self, spans: SpanLogProcessor) -> None:
        from mlflow.tracing import provider as module

        self._spans = spans
        self._module = module
        self._get_processors = _required(module, "_get_span_processors")
        self._set_provider = _required(module.provider, "set")
        self.processor = MlflowProcessor(spans)
        self._client = OfflineClient(self.processor)
        self._install()

    @property
    def store(self) -> str:
        """The directory of the store."""
        return self._spans.store

    def flush(self, timeout: float = 30.0) -> bool:
        """Returns whether every span that has ended is durable: it survives a loss of power."""
        return self._spans.force_flush(int(timeout * 1000))

    def stop(self) -> None:
        """Makes everything durable, and gives tracing back to MLflow."""
        global _current
        with _lock:
            if _current is self:
                _current = None
                self._uninstall()
                self._module.reset()

    def _install(self) -> None:
        module = self._module
        module._get_span_processors = self._processors
        module.provider.set = self._set
        self._client.install()
        _silence_telemetry()
        module.reset()
        module._initialize_tracer_provider()
        module.provider.once._done = True

    def _uninstall(self) -> None:
        self._module._get_span_processors = self._get_processors
        del self._module.provider.set
        self._client.uninstall()
        self._spans.shutdown()

    def _processors(self, disabled: bool = False) -> list[Any]:
        """What MLflow is to use each time that it makes a provider."""
        return [] if disabled else [self.processor]

    def _set(self, provider: Any) -> None:
        if isinstance(provider, TracerProvider):
            provider._span_limits = _span_limits()  # as MLflow gives no other way
        self._set_provider(provider)


def _span_limits() -> SpanLimits:
    """High limits, where the environment sets none."""

    def limit(*names: str) -> int | None:
        return None if any(name in os.environ for name in names) else _COUNT_MAX

    return SpanLimits(
        max_span_attributes=limit("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"),
        max_events=limit("OTEL_SPAN_EVENT_COUNT_LIMIT"),
        max_links=limit("OTEL_SPAN_LINK_COUNT_LIMIT"),
    )


def _silence_telemetry() -> None:
    """Stops MLflow's usage statistics, which go over the network."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    try:
        from mlflow.telemetry.client import _set_telemetry_client
    except ImportError:
        return
    _set_telemetry_client(None)


def _required(holder: Any, name: str) -> Any:
    """A part of MLflow that the recorder takes the place of."""
    import mlflow

    part = getattr(holder, name, None)
    if part is None:
        raise SpanLogError(
            SpanLogError.UNSUPPORTED,
            f"MLflow {mlflow.__version__} has no {name} in its tracing, which this version of spanlog "
            "needs: update spanlog, or use MLflow 3.9 to 3.17.",
        )
    return part
