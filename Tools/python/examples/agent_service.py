"""A Flask service that takes part in its callers' traces, as in MLflow's announcement of distributed
tracing, recorded offline.

    python agent_service.py STORE

Two lines are SpanLog's: the import and `record`.
"""

import sys

import spanlog.mlflow

spanlog.mlflow.record(sys.argv[1], service_name="agent")

import mlflow
from flask import Flask, request
from mlflow.tracing import set_tracing_context_from_http_request_headers
from werkzeug.serving import make_server

app = Flask(__name__)


@app.post("/")
def handle():
    with set_tracing_context_from_http_request_headers(dict(request.headers)):
        with mlflow.start_span("server-handler", span_type="AGENT") as span:
            span.set_inputs(request.get_json())
            span.set_attribute("status", "processed")
            answer = {"result": "42"}
            span.set_outputs(answer)
            return answer


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, app)
    print(f"listening on http://127.0.0.1:{server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()
