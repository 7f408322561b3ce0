"""An experiment as MLflow's own client reads it, in a form that compares."""

import logging
import os

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
logging.getLogger("mlflow").setLevel(logging.ERROR)

from mlflow import MlflowClient  # noqa: E402, as the environment must be set before


def read(uri, experiment_name):
    """The traces of an experiment by id, ids as in OTLP, spans in the order of their starts."""
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(experiment_name)
    assert experiment is not None, f"there is no experiment {experiment_name}"
    traces, token = [], None
    while True:
        page = client.search_traces(
            locations=[experiment.experiment_id], max_results=100, page_token=token
        )
        traces += page
        token = page.token
        if not token:
            break
    return {bare(trace.info.trace_id): describe(trace) for trace in traces}


def bare(trace_id):
    return trace_id.removeprefix("tr-")


def describe(trace):
    """Everything that a user can see of a trace."""
    info = trace.info
    spans = [describe_span(span) for span in trace.data.spans]
    return {
        "state": info.state.value,
        "request_time": info.request_time,
        "execution_duration": info.execution_duration,
        "request_preview": info.request_preview,
        "response_preview": info.response_preview,
        "client_request_id": info.client_request_id,
        "tags": dict(info.tags),
        "metadata": dict(info.trace_metadata),
        "assessments": sorted(map(describe_assessment, info.assessments), key=lambda a: a["id"]),
        "spans": sorted(spans, key=lambda span: (span["start"], span["span_id"])),
    }


def describe_assessment(assessment):
    error = getattr(assessment, "error", None)
    return {
        "id": assessment.assessment_id,
        "kind": type(assessment).__name__,
        "name": assessment.name,
        "value": assessment.value,
        "error": error and (error.error_code, error.error_message),
        "source": (assessment.source.source_type, assessment.source.source_id),
        "rationale": assessment.rationale,
        "metadata": assessment.metadata,
        "span_id": assessment.span_id,
        "created": assessment.create_time_ms,
    }


def describe_span(span):
    return {
        "span_id": span.span_id,
        "parent_span_id": span.parent_id or "",
        "name": span.name,
        "service": span.get_attribute("service.name"),
        "kind": span.get_attribute("span.kind"),
        "type": span.span_type,
        "status": span.status.status_code.value,
        "message": span.status.description,
        "start": span.start_time_ns,
        "end": span.end_time_ns,
        "inputs": span.inputs,
        "outputs": span.outputs,
        "attributes": dict(span.attributes),
        "events": [(e.name, e.timestamp, dict(e.attributes)) for e in span.events],
        "links": [(bare(link.trace_id), link.span_id, dict(link.attributes or {}))
                  for link in span.links],
    }  # fmt: skip
