"""A trace that was recorded and exported, beside the one that MLflow's own SDK logs of the same
program."""

import mlflow_traces
from call_trees import tree
from processes import spanlog
from python_processes import run

TWIN = """
import os, sys
if len(sys.argv) > 1:
    import spanlog.mlflow
    spanlog.mlflow.record(sys.argv[1], service_name="twin")
import mlflow
from mlflow.entities import AssessmentSource, Document, SpanEvent
from mlflow.tracing.attachments import Attachment

if len(sys.argv) == 1:
    mlflow.set_experiment("twin by its SDK")

@mlflow.trace(span_type="TOOL", attributes={"kind": "search"})
def search(query, limit=3):
    return [Document("page", {"score": 0.5})]

@mlflow.trace(output_reducer=lambda chunks: "".join(chunks))
def stream():
    yield from ("one ", "two ", "three")

@mlflow.trace(name="agent", span_type="AGENT")
def agent(messages):
    mlflow.update_current_trace(
        tags={"team": "bridges"}, metadata={"version": "7"}, session_id="monday", user="ada",
        client_request_id="c 1")
    search("Größe")
    list(stream())
    with mlflow.start_span("model", span_type="CHAT_MODEL") as span:
        span.set_inputs({"messages": messages, "model": "gpt-4o"})
        span.set_outputs({"choices": [{"message": {"role": "assistant", "content": "1.5 km"}}]})
        span.set_attribute("mlflow.chat.tokenUsage",
                           {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18})
        span.set_attributes({"ratio": 0.5, "list": [1, "x", None], "map": {"a": [1.5]}, "n": 7,
                             "text": "ü", "yes": True, "none": None})
        span.add_event(SpanEvent("first word", attributes={"number": 1}))
    try:
        with mlflow.start_span("broken"):
            raise ValueError("no page")
    except ValueError:
        pass
    trace_id = mlflow.get_active_trace_id()
    mlflow.log_feedback(trace_id=trace_id, name="good", value=0.5, rationale="because",
                        source=AssessmentSource("HUMAN", "bob"))
    mlflow.log_expectation(trace_id=trace_id, name="length", value={"km": 1.5})
    with mlflow.start_span("picture") as span:
        span.set_inputs({"image": Attachment(content_type="image/png", content_bytes=b"PNG")})
    return {"length": 1.5, "unit": "km"}

agent([{"role": "user", "content": "How long is it?"}])
mlflow.flush_trace_async_logging()
"""


def twin(traces):
    """The one trace of an experiment, without what differs from run to run, and what the export
    adds."""
    [trace] = traces.values()
    # Session and user are attributes of the span that carries them, too, as OpenTelemetry has them.
    own = {"service.name", "host.name", "process.pid", "span.kind", "mlflow.traceRequestId",
           "session.id", "user.id"}  # fmt: skip
    host = ("process.", "os.", "telemetry.", "service.", "spanlog.", "mlflow.traceTag.")
    spans = []
    for span in trace["spans"]:
        attributes = {k: v for k, v in span["attributes"].items()
                      if k not in own and not k.startswith(host)}  # fmt: skip
        inputs = span["inputs"]
        if span["name"] == "picture":
            inputs = attributes["mlflow.spanInputs"] = "an attachment"
        events = [(name, {k: v for k, v in attributes.items() if k != "exception.stacktrace"})
                  for name, _, attributes in span["events"]]  # fmt: skip
        spans.append((span["name"], span["type"], span["status"], span["message"], inputs,
                      span["outputs"], attributes, events))  # fmt: skip
    volatile = ("mlflow.trace.size", "mlflow.source.", "mlflow.trace.infoFinalized")
    return {
        "spans": spans,
        "tree": tree([{**s, "service": "", "kind": "INTERNAL"} for s in trace["spans"]]),
        "tags": {k: v for k, v in trace["tags"].items() if k != "mlflow.artifactLocation"},
        "metadata": {k: v for k, v in trace["metadata"].items() if not k.startswith(volatile)},
        **{k: trace[k] for k in ("state", "request_preview", "response_preview", "client_request_id")},
        "assessments": sorted(
            (a["kind"], a["name"], str(a["value"]), a["source"], a["rationale"])
            for a in trace["assessments"]
        ),
    }


def test_an_exported_trace_is_what_mlflows_sdk_would_have_logged(tmp_path, mlflow_server):
    uri = mlflow_server.uri
    environment = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "7"}
    logged = run(TWIN, environment=environment, cwd=tmp_path).stderr
    assert "WARNING" not in logged, logged
    run(TWIN, tmp_path / "store", cwd=tmp_path)
    spanlog("merge", tmp_path / "store", "-o", tmp_path / "archive")
    spanlog("export", "mlflow", tmp_path / "archive", "--tracking-uri", uri,
            "--experiment", "twin offline")  # fmt: skip
    by_sdk = twin(mlflow_traces.read(uri, "twin by its SDK"))
    exported = twin(mlflow_traces.read(uri, "twin offline"))
    for ours, theirs in zip(exported.pop("spans"), by_sdk.pop("spans"), strict=True):
        assert ours == theirs
    assert exported == by_sdk
