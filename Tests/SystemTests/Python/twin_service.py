"""The services of `Tools/twin` in Python, with MLflow's SDK: `twin_service.py planner|researcher|writer`.

MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME say where they log to.
"""

import contextlib
import signal
import sys

import mlflow
import requests
from flask import Flask, jsonify, request
from mlflow.entities import AssessmentError, AssessmentSource, Link, SpanEvent, SpanType
from mlflow.tracing import (
    get_tracing_context_headers_for_http_request,
    set_tracing_context_from_http_request_headers,
)
from mlflow.tracing.attachments import Attachment
from werkzeug.serving import make_server

TIME_LIMIT = 60


def planner(words):
    context = mlflow.tracing.context(
        session_id="monday", user="ada", tags={"channel": "web"}, metadata={"build": "42"}
    )
    with context, mlflow.start_span("agent", SpanType.AGENT) as agent:
        plan(agent, words)
    mlflow.flush_trace_async_logging()
    judge(agent)
    return {"trace": agent.trace_id}


def plan(agent, words):
    agent.set_description("Answers a question.")
    agent.set_inputs({"messages": [{"role": "user", "content": "How long is it?"}]})
    with mlflow.start_span("look", SpanType.TOOL, log_level="WARNING") as span:
        picture = Attachment(content_type="image/png", content_bytes=bytes(range(256)))
        span.set_inputs({"picture": picture})
        span.set_outputs("a bridge")
    page = call(words["researcher"], {"question": "How long is it?"})["page"]
    text = call(words["writer"], {"page": page})["text"]
    with mlflow.start_span("parse", SpanType.PARSER) as span:
        span.set_inputs(text)
        span.set_outputs(1.5)
        span.set_attributes({"number": 7, "text": "Größe", "looks like JSON": '{"a": 1}'})
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


def call(url, words):
    headers = get_tracing_context_headers_for_http_request()
    response = requests.post(url, json=words, headers=headers, timeout=TIME_LIMIT)
    response.raise_for_status()
    return response.json()


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


def researcher(words):
    with mlflow.start_span("research", SpanType.RETRIEVER) as span:
        span.set_inputs(words)
        mlflow.update_current_trace(tags={"read by": "researcher"})
        with (
            contextlib.suppress(ValueError),
            mlflow.start_span("turn the page", SpanType.TOOL) as page,
        ):
            page.set_inputs({"page": -1})
            raise ValueError("no page")
        span.set_outputs([{"page_content": "1.5 km", "id": "a"}])
    return {"page": "1.5 km"}


def writer(words):
    with mlflow.start_span("model", SpanType.CHAT_MODEL) as span:
        span.set_inputs(words)
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
            yield from ["it", "is", words["page"]][:count]

        text = " ".join(stream(3))
        span.set_outputs(text)
    return {"text": text}


def answer():
    part = {"planner": planner, "researcher": researcher, "writer": writer}[sys.argv[1]]
    if "Traceparent" not in request.headers:
        return jsonify(part(request.get_json()))
    with set_tracing_context_from_http_request_headers(dict(request.headers)):
        return jsonify(part(request.get_json()))


def stop(*_):
    mlflow.flush_trace_async_logging()
    raise SystemExit


if __name__ == "__main__":
    app = Flask(__name__)
    app.add_url_rule("/", view_func=answer, methods=["POST"])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    signal.signal(signal.SIGTERM, stop)
    print(f"listening on http://127.0.0.1:{server.server_port}/", file=sys.stderr, flush=True)
    server.serve_forever()
