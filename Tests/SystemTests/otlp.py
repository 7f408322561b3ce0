"""`spanlog receive` as a process, and what senders send to it."""

import base64
import contextlib
import gzip
import http.client
import socket
import time

import requests
from google.protobuf import json_format
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

from processes import SPANLOG, Process, peak_kilobytes

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}


class Receiver(Process):
    """A receiver on a free port."""

    def __init__(self, store, *options, listen="127.0.0.1:0", environment=None, launcher=()):
        self.store = store
        command = [*launcher, SPANLOG, "receive", "--listen", listen, "--store", store, *options]
        super().__init__(command, "listening on ", environment)
        self.url = self.output.split("listening on ")[1].split()[0]
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        self.host, self.port = host.strip("[]"), int(port)

    @property
    def traces_url(self):
        return f"{self.url}/v1/traces"

    def post(self, body, **headers):
        """Posts bytes of Protocol Buffers, unless the headers say otherwise."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(self.traces_url, body, headers={**PROTOBUF, **named}, timeout=60)

    def connect(self):
        return socket.create_connection((self.host, self.port), timeout=60)

    def peak_kilobytes(self):
        """The most memory that the process has had."""
        peak = peak_kilobytes(self.popen.pid)
        assert peak > 0
        return peak

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def raw_request(body, *headers, path="/v1/traces", method="POST", length=None):
    """A request as bytes; what it says of its length may be a lie."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if length != "none":
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    if not any(line.lower().startswith("content-type") for line in headers):
        lines.append("Content-Type: application/x-protobuf")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answer(connection):
    """The status of the next response and its body, or `None` for a connection that ended."""
    response = http.client.HTTPResponse(connection)
    try:
        response.begin()
    except (http.client.BadStatusLine, ConnectionError):
        return None, b""
    return response.status, response.read()


def span(number, trace=1, **fields):
    """The fields of a span of one microsecond, now."""
    now = time.time_ns()
    return {
        "trace_id": trace.to_bytes(16, "big"), "span_id": number.to_bytes(8, "big"),
        "name": f"span {number}", "start_time_unix_nano": now, "end_time_unix_nano": now + 1000,
        **fields,
    }  # fmt: skip


def request(*spans, service="sender"):
    """An export request with spans of one service."""
    message = ExportTraceServiceRequest()
    add(message, service, *spans)
    return message


def add(message, service, *spans):
    group = message.resource_spans.add()
    attribute = group.resource.attributes.add(key="service.name")
    attribute.value.string_value = service
    scope = group.scope_spans.add()
    scope.scope.name = "otlp"
    for fields in spans:
        scope.spans.add(**fields)
    return message


def to_json(message):
    """OTLP's JSON: Protocol Buffers' own, but for identifiers, which are hexadecimal."""
    data = json_format.MessageToDict(message)
    for group in data.get("resourceSpans", []):
        for scope in group.get("scopeSpans", []):
            for span in scope.get("spans", []):
                for fields in (span, *span.get("links", [])):
                    for name in ("traceId", "spanId", "parentSpanId"):
                        if name in fields:
                            fields[name] = base64.b64decode(fields[name]).hex()
    return data


def partial_success(response):
    """How many spans a response rejects, and what it says of them."""
    assert response.headers["Content-Type"] == "application/x-protobuf"
    message = ExportTraceServiceResponse.FromString(response.content)
    return message.partial_success.rejected_spans, message.partial_success.error_message


def status(content):
    """The `Status` that the body of a failure is."""
    return Status.FromString(content)


@contextlib.contextmanager
def exporting(receiver, service, *, batch=True, compression=Compression.Gzip, **resource):
    """A tracer of OpenTelemetry's SDK that exports to a receiver."""
    exporter = OTLPSpanExporter(endpoint=receiver.traces_url, compression=compression)
    provider = TracerProvider(resource=Resource.create({"service.name": service, **resource}))
    processor = BatchSpanProcessor(exporter) if batch else SimpleSpanProcessor(exporter)
    provider.add_span_processor(processor)
    try:
        yield provider.get_tracer("otlp")
    finally:
        provider.shutdown()


def gzipped(body):
    return gzip.compress(body, 1)
