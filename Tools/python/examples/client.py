"""Calls a service within a trace, as in MLflow's announcement of distributed tracing, recorded offline.

    python client.py STORE URL [JSON]

Sends the JSON, or a question, and prints the trace's id.
"""

import json
import sys

import spanlog.mlflow

spanlog.mlflow.record(sys.argv[1], service_name="client")

import mlflow
import requests
from mlflow.tracing import get_tracing_context_headers_for_http_request

url = sys.argv[2]
body = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {"question": "What is six times seven?"}

with mlflow.start_span("client-root") as span:
    span.set_inputs(body)
    headers = get_tracing_context_headers_for_http_request()
    response = requests.post(url, json=body, headers=headers, timeout=60)
    response.raise_for_status()
    span.set_outputs(response.json())

print(span.trace_id)
