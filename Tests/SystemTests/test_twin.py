"""The same program, written with MLflow's SDK and with SpanLog, is the same trace in MLflow."""

import contextlib
import json
import re
import subprocess
import sys

import mlflow
import mlflow_traces
import pytest
from mlflow.entities import AssessmentError, AssessmentSource, Link, SpanEvent, SpanType
from mlflow.tracing.attachments import Attachment
from processes import VOCABULARY, spanlog

# What MLflow's SDK says of the machine and the user, and what counts bytes.
VOLATILE_METADATA = re.compile(r"mlflow\.(source\.|user$|trace\.size)")
# What the export adds to each span, as MLflow has no place for it, and the root's copy of what is said
# of the trace, for servers that are told of the spans alone.
ADDED_ATTRIBUTES = re.compile(
    r"(span\.kind|(service|host|process|os)\..*|session\.id|user\.id|mlflow\.traceTag\..*)$"
)


def program():
    """`Twin.swift` in Python. Returns the trace's id."""
    context = mlflow.tracing.context(
        session_id="monday", user="ada", tags={"channel": "web"}, metadata={"build": "42"}
    )
    with context, mlflow.start_span("agent", SpanType.AGENT, description="Answers a question.") as agent:
        agent.set_inputs({"messages": [{"role": "user", "content": "How long is it?"}]})
        with mlflow.start_span("look", SpanType.RETRIEVER, log_level="WARNING") as span:
            picture = Attachment(content_type="image/png", content_bytes=bytes(range(256)))
            span.set_inputs({"picture": picture})
            span.set_outputs([{"page_content": "1.5 km", "id": "a"}])
        with contextlib.suppress(ValueError), mlflow.start_span("tool", SpanType.TOOL) as span:
            span.set_inputs({"page": -1})
            raise ValueError("no page")
        model()
        with mlflow.start_span("parse", SpanType.PARSER) as span:
            span.set_inputs("1.5 km")
            span.set_outputs(1.5)
            span.set_attributes({"number": 7, "text": "Größe"})
            span.add_event(SpanEvent("parsed", attributes={"unit": "km"}))
            span.add_link(Link(agent.trace_id, agent.span_id, {"why": "asked"}))
        mlflow.update_current_trace(
            tags={"team": "bridges", "mlflow.traceName": "the bridge"},
            metadata={"source": "survey"},
            client_request_id="request 7",
            request_preview="asked for a length",
            response_preview="1.5 km",
        )
        agent.set_outputs({"length": 1.5, "exact": None})
    mlflow.flush_trace_async_logging()
    judge(agent)


def model():
    with mlflow.start_span("model", SpanType.CHAT_MODEL) as span:
        span.set_attributes({
            "mlflow.llm.model": "gpt-4o",
            "mlflow.llm.provider": "openai",
            "mlflow.message.format": "openai",
            "mlflow.chat.tools": [{"type": "function"}],
            "mlflow.chat.tokenUsage": {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18,
                                       "cache_read_input_tokens": 5},
            "mlflow.llm.cost": {"input_cost": 0.5, "output_cost": 0.25, "total_cost": 0.75},
        })  # fmt: skip

        @mlflow.trace(name="stream", span_type=SpanType.LLM, output_reducer=" ".join)
        def stream(count):
            yield from ["it", "is", "1.5 km"][:count]

        list(stream(3))


def judge(agent):
    feedback = mlflow.log_feedback
    feedback(trace_id=agent.trace_id, name="checked", value=True, rationale="Measured twice.",
             source=AssessmentSource("CODE", "unit test"))  # fmt: skip
    feedback(trace_id=agent.trace_id, name="stars", value=4, metadata={"page": "7"},
             source=AssessmentSource("HUMAN", "bob"))  # fmt: skip
    mlflow.log_expectation(trace_id=agent.trace_id, name="length", value={"km": 1.5})
    feedback(trace_id=agent.trace_id, span_id=agent.span_id, name="judged",
             error=AssessmentError("LIMIT", "later"),
             source=AssessmentSource("LLM_JUDGE", "gpt-4o"))  # fmt: skip


@pytest.fixture(scope="module")
def twins(tmp_path_factory, mlflow_server):
    """The trace of each, without what must differ."""
    # In a process of its own, since MLflow's SDK keeps its server for the whole process.
    subprocess.run([sys.executable, __file__, mlflow_server.uri], check=True)
    folder = tmp_path_factory.mktemp("twin")
    subprocess.run([VOCABULARY, folder / "stores", "twin"], check=True, capture_output=True)
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
        # Set by MLflow's decorator only; `@Traced` sets it as well.
        span["attributes"].pop("mlflow.spanFunctionName", None)
        for key in ("span_id", "start", "end", "service", "kind"):
            span.pop(key)
    return sorted(trace["spans"], key=lambda span: span["name"])


def without_stack(values):
    """Swift has none."""
    return {key: value for key, value in values.items() if key != "exception.stacktrace"}


def test_the_traces_are_equal(twins):
    (python, _), (swift, _) = twins
    assert swift == python


def test_the_spans_are_equal(twins):
    (_, python), (_, swift) = twins
    assert [span["name"] for span in python] == ["agent", "look", "model", "parse", "stream", "tool"]
    for one, other in zip(python, swift, strict=True):
        assert other == one


if __name__ == "__main__":
    mlflow.set_tracking_uri(sys.argv[1])
    mlflow.set_experiment("twin in Python")
    program()
