"""The same program of three services, written with MLflow's SDK and with SpanLog, is the same trace in
MLflow: `Tools/twin` and `Python/twin_service.py`, each service a process that is called over HTTP."""

import contextlib
import json
import re
import sys
from pathlib import Path

import mlflow_traces
import pytest
import requests
from processes import TIME_LIMIT, TWIN_SERVICE, Process, spanlog

SERVICES = ["planner", "researcher", "writer"]
IN_PYTHON = [sys.executable, Path(__file__).parent / "Python/twin_service.py"]

# What MLflow's SDK says of the machine and the user, and what counts bytes.
VOLATILE_METADATA = re.compile(r"mlflow\.(source\.|user$|trace\.size)")
# What the export adds to each span, as MLflow has no place for it, and the root's copy of what is said
# of the trace, for servers that are told of the spans alone.
ADDED_ATTRIBUTES = re.compile(
    r"(span\.kind|(service|host|process|os)\..*|session\.id|user\.id|mlflow\.traceTag\..*)$"
)


def ask(command, environment=None):
    """Has three services answer, where `command(name)` starts one."""
    with contextlib.ExitStack() as stack:
        urls = {}
        for name in SERVICES:
            service = Process(command(name), "listening on ", environment)
            stack.callback(service.stop)
            urls[name] = service.output.split("listening on ")[1].strip()
        requests.post(urls["planner"], json=urls, timeout=TIME_LIMIT).raise_for_status()


@pytest.fixture(scope="module")
def twins(tmp_path_factory, mlflow_server):
    """The trace of each, without what must differ."""
    ask(lambda name: [*IN_PYTHON, name], {
        "MLFLOW_TRACKING_URI": mlflow_server.uri,
        "MLFLOW_EXPERIMENT_NAME": "twin in Python",
        # By its defaults MLflow's SDK loses the spans of services that only join a trace.
        "MLFLOW_USE_BATCH_SPAN_PROCESSOR": "false",
    })  # fmt: skip
    folder = tmp_path_factory.mktemp("twin")
    ask(lambda name: [TWIN_SERVICE, name, "--store", folder / "stores" / name])
    spanlog("merge", folder / "stores", "-o", folder / "traces.spanlog")
    spanlog("export", "mlflow", folder / "traces.spanlog", "--tracking-uri", mlflow_server.uri,
            "--experiment", "twin in Swift")  # fmt: skip
    [python] = mlflow_traces.read(mlflow_server.uri, "twin in Python").items()
    [swift] = mlflow_traces.read(mlflow_server.uri, "twin in Swift").items()
    return comparable(*python), comparable(*swift)


def comparable(id, trace):
    names = {span["span_id"]: span["name"] for span in trace["spans"]}
    text = json.dumps([comparable_trace(trace, names), comparable_spans(trace, names)])
    text = re.sub(r"mlflow-attachment://[0-9a-f-]{36}", "mlflow-attachment://ID", text)
    return json.loads(text.replace(id, "TRACE"))


def comparable_trace(trace, names):
    result = {key: trace[key] for key in ("state", "request_preview", "response_preview",
                                          "client_request_id", "tags")}  # fmt: skip
    result["tags"]["mlflow.artifactLocation"] = ""
    result["metadata"] = {
        key: value for key, value in trace["metadata"].items() if not VOLATILE_METADATA.match(key)
    }
    # JSON in texts: MLflow's SDK has members as they were set, SpanLog sorted.
    for key in ("mlflow.traceInputs", "mlflow.trace.tokenUsage"):
        result["metadata"][key] = json.loads(result["metadata"][key])
    result["assessments"] = sorted(
        (
            {**assessment, "id": "", "created": 0, "span_id": names.get(assessment["span_id"])}
            for assessment in trace["assessments"]
        ),
        key=lambda assessment: assessment["name"],
    )
    return result


def comparable_spans(trace, names):
    for span in trace["spans"]:
        span["parent"] = names.get(span.pop("parent_span_id"))
        span["events"] = [[name, without_stack(values)] for name, _, values in span["events"]]
        span["links"] = [[id, names[span_id], values] for id, span_id, values in span["links"]]
        span["attributes"] = {
            key: value
            for key, value in span["attributes"].items()
            if not ADDED_ATTRIBUTES.match(key)
        }
        for key in ("span_id", "start", "end", "service", "kind"):
            span.pop(key)
    return sorted(trace["spans"], key=lambda span: span["name"])


def without_stack(values):
    """Swift has none."""
    return {key: value for key, value in values.items() if key != "exception.stacktrace"}


def test_the_traces_are_equal(twins):
    (python, _), (swift, _) = twins
    # MLflow's SDK loses what a service says of a trace that it only joined.
    assert swift["tags"].pop("read by") == "researcher"
    assert swift == python


def test_the_spans_are_equal(twins):
    (_, python), (_, swift) = twins
    assert [(span["name"], span["parent"]) for span in python] == [
        ("agent", None), ("look", "agent"), ("model", "agent"), ("parse", "agent"),
        ("research", "agent"), ("stream", "model"), ("turn the page", "research"),
    ]  # fmt: skip
    for one, other in zip(python, swift, strict=True):
        if one["name"] == "parse":
            # MLflow's SDK makes JSON of text that looks like it.
            assert one["attributes"].pop("looks like JSON") == {"a": 1}
            assert other["attributes"].pop("looks like JSON") == '{"a": 1}'
        assert other == one
