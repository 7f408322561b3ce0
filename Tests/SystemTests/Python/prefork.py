"""A service for Gunicorn, which loads it once and then forks its workers: what MLflow's documentation
has for Flask, and nothing about processes."""

import os

import spanlog.mlflow

spanlog.mlflow.record(service_name="prefork")

import mlflow  # noqa: E402
from flask import Flask, request  # noqa: E402
from mlflow.tracing import set_tracing_context_from_http_request_headers  # noqa: E402

with mlflow.start_span("loading"):
    app = Flask(__name__)


@app.post("/<name>")
def handle(name):
    with set_tracing_context_from_http_request_headers(dict(request.headers)):
        with mlflow.start_span(name) as span:
            span.set_attribute("worker", os.getpid())
            return str(os.getpid())
