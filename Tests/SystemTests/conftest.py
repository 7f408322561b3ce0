import contextlib
import sys

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider

import processes
import python_mlflow
import streams

sys.path.insert(0, str(processes.ROOT / "Tools/python/src"))

from spanlog import SpanLogProcessor  # noqa: E402, as the package is not installed



def pytest_configure(config):
    programs = (processes.WRITER, processes.READER, processes.VOCABULARY, processes.SPANLOG,
                processes.DEMO_SERVICE, processes.TWIN_SERVICE)  # fmt: skip
    for program in programs:
        if not program.exists():
            raise pytest.UsageError(f"{program} is not built: run Tools/test")


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory):
    """A real MLflow server for all tests; each takes an experiment of its own."""
    server = processes.MLflowServer(tmp_path_factory.mktemp("mlflow"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mlflow_programs():
    """Runs programs that trace with MLflow."""
    programs = python_mlflow.MlflowPrograms()
    yield programs
    programs.stop()


@pytest.fixture
def record_mlflow(tmp_path, mlflow_programs):
    """Runs a program that traces with MLflow, and returns the spans in its store."""
    return python_mlflow.MlflowRecorder(mlflow_programs, tmp_path)


@pytest.fixture
def provider(tmp_path):
    """A provider that records into `tmp_path / "store"`."""
    with_limits = SpanLimits(max_span_attributes=10_000, max_events=10_000, max_links=10_000)
    resource = Resource.create({"service.name": "Wörter"})
    provider = TracerProvider(resource=resource, span_limits=with_limits)
    provider.processor = SpanLogProcessor(tmp_path / "store")
    provider.add_span_processor(provider.processor)
    yield provider
    provider.shutdown()


@pytest.fixture
def reader():
    """Says what is in stores."""
    with streams.Reader() as reader:
        yield reader


@pytest.fixture
def services(tmp_path):
    """Starts demo services: `planner, coder = services("planner", "coder")`.

    Each has a store of its own, below `tmp_path / "stores"`.
    """
    with contextlib.ExitStack() as stack:

        def start(*names):
            started = [
                processes.DemoService(name, tmp_path / "stores" / name) for name in names
            ]
            for service in started:
                stack.callback(service.stop)
            return started

        yield start
