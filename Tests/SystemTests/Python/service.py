"""A service in Python that takes the steps which the demo service takes, and answers as it does.

    service.py mlflow|opentelemetry NAME STORE

With `mlflow` it is written as MLflow's documentation of distributed tracing has it, with
`opentelemetry` as OpenTelemetry's. Members of steps that are not read here are ignored.
"""

import signal
import sys

import requests
from flask import Flask, jsonify, request
from werkzeug.serving import make_server

TIME_LIMIT = 60


class StepFailure(Exception):
    pass


class MlflowTracing:
    """The calls of MLflow that a service makes."""

    def __init__(self, name, store):
        import spanlog.mlflow

        self.recording = spanlog.mlflow.record(store, service_name=name)
        import mlflow
        from mlflow.tracing import (
            get_tracing_context_headers_for_http_request,
            set_tracing_context_from_http_request_headers,
        )

        self.mlflow = mlflow
        self.headers = get_tracing_context_headers_for_http_request
        self.join = set_tracing_context_from_http_request_headers

    def serve(self, headers, handle):
        def handle_in_span():
            with self.mlflow.start_span("/") as span:
                answer = handle()
                span.set_attribute("status", answer[1])
                if answer[1] >= 400:
                    span.set_status("ERROR")
                return answer

        if "Traceparent" not in headers:
            return handle_in_span()
        with self.join(headers):
            return handle_in_span()

    def call(self, post):
        with self.mlflow.start_span("POST"):
            return post(self.headers())

    def work(self, name, step, inside):
        with self.mlflow.start_span(name, span_type=step.get("type", "UNKNOWN")) as span:
            span.set_inputs(step.get("inputs"))
            trace = step.get("trace", {})
            if trace:
                self.mlflow.update_current_trace(
                    tags=trace.get("tags"), session_id=trace.get("session"), user=trace.get("user")
                )
            result = inside()
            span.set_outputs(result)
            return result

    def stop(self):
        self.recording.stop()


class OpenTelemetryTracing:
    """The calls of OpenTelemetry that a service makes."""

    def __init__(self, name, store):
        from opentelemetry import propagate, trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider

        from spanlog import SpanLogProcessor

        self.provider = TracerProvider(resource=Resource.create({"service.name": name}))
        self.provider.add_span_processor(SpanLogProcessor(store))
        self.tracer = self.provider.get_tracer("service", "1")
        self.propagate = propagate
        self.trace = trace

    def serve(self, headers, handle):
        context = self.propagate.extract({key.lower(): value for key, value in headers.items()})
        kind = self.trace.SpanKind.SERVER
        with self.tracer.start_as_current_span("/", context, kind) as span:
            answer = handle()
            span.set_attribute("http.response.status_code", answer[1])
            if answer[1] >= 400:
                span.set_status(self.trace.StatusCode.ERROR)
            return answer

    def headers(self):
        headers = {}
        self.propagate.inject(headers)
        return headers

    def call(self, post):
        with self.tracer.start_as_current_span("POST", kind=self.trace.SpanKind.CLIENT):
            return post(self.headers())

    def work(self, name, step, inside):
        with self.tracer.start_as_current_span(name):
            return inside()

    def stop(self):
        self.provider.shutdown()


class Service:
    def __init__(self, name, tracing):
        self.name = name
        self.tracing = tracing

    def answer(self):
        return self.tracing.serve(dict(request.headers), self.handle)

    def handle(self):
        answer = {"service": self.name, "traceparent": self.tracing.headers().get("traceparent")}
        try:
            answer["result"] = self.take(request.get_json())
        except StepFailure as failure:
            answer["error"] = str(failure)
            return jsonify(answer), 502
        return jsonify(answer), 200

    def take(self, steps):
        result = self.name
        for step in steps:
            if "url" in step:
                result = self.call(step["url"], step.get("arguments", []))
            else:
                result = self.tracing.work(step["work"], step, lambda step=step: self.inside(step))
        return result

    def inside(self, step):
        result = self.take(step.get("arguments", []))
        if "fail" in step:
            raise StepFailure(step["fail"])
        return step.get("outputs", result)

    def call(self, url, steps):
        def post(headers):
            response = requests.post(url, json=steps, headers=headers, timeout=TIME_LIMIT)
            if response.status_code >= 400:
                raise StepFailure(f"{url} failed: status {response.status_code}")
            return response.json().get("result")

        return self.tracing.call(post)


def main():
    _, kind, name, store = sys.argv
    tracing = {"mlflow": MlflowTracing, "opentelemetry": OpenTelemetryTracing}[kind](name, store)
    service = Service(name, tracing)
    app = Flask(__name__)
    app.add_url_rule("/", view_func=service.answer, methods=["POST"])
    server = make_server("127.0.0.1", 0, app, threaded=True)

    def stop(*_):
        raise SystemExit

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    print(f"listening on http://127.0.0.1:{server.server_port}", file=sys.stderr, flush=True)
    try:
        server.serve_forever()
    finally:
        tracing.stop()


if __name__ == "__main__":
    main()
