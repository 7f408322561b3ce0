"""Files of spans as others write them, for `spanlog import`."""

import json
import random
import struct

import otlp
import zstandard
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

START = 1_790_000_000_000_000_000


def traces(seed, spans=20, services=3):
    """Messages with values of every kind, as a Collector's file exporter is given them."""
    numbers = random.Random(seed)
    for number in range(spans):
        message = TracesData()
        group = message.resource_spans.add()
        add(group.resource.attributes, {"service.name": f"service {number % services}"})
        group.schema_url = "https://opentelemetry.io/schemas/1.30.0"
        scope = group.scope_spans.add()
        scope.scope.name, scope.scope.version = "library", "1.0"
        start = START + number * 1000
        span = scope.spans.add(
            trace_id=numbers.randbytes(16), span_id=numbers.randbytes(8),
            parent_span_id=numbers.randbytes(8), name=f"span {seed}/{number} ü\n\"\\\u2028\U0001f600",
            kind=number % 6, start_time_unix_nano=start, end_time_unix_nano=start + 500,
            trace_state="a=1" if number % 2 else "", flags=number % 3 * 256,
            dropped_attributes_count=number % 4,
        )  # fmt: skip
        add(span.attributes, values(numbers))
        if number % 3 == 0:
            span.status.code, span.status.message = 2, "it failed"
        event = span.events.add(time_unix_nano=start + 1, name="event")
        add(event.attributes, values(numbers))
        link = span.links.add(trace_id=numbers.randbytes(16), span_id=numbers.randbytes(8))
        add(link.attributes, {"kind": "test"})
        yield message


def values(numbers):
    return {
        "text": numbers.choice(["", "é", "x" * 300]), "true": True, "false": False, "zero": 0,
        "least": -(2**63), "greatest": 2**63 - 1, "ratio": numbers.random(), "huge": 1e300,
        "nan": float("nan"), "infinite": float("-inf"), "bytes": numbers.randbytes(5),
        "list": [1, "two", 3.5, [], [b""]], "map": {"inner": {"deep": [None]}}, "none": None,
    }  # fmt: skip


def add(attributes, content):
    for key, value in content.items():
        fill(attributes.add(key=key).value, value)


def fill(message, value):
    if isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, int):
        message.int_value = value
    elif isinstance(value, float):
        message.double_value = value
    elif isinstance(value, str):
        message.string_value = value
    elif isinstance(value, bytes):
        message.bytes_value = value
    elif isinstance(value, list):
        message.array_value.SetInParent()
        for element in value:
            fill(message.array_value.values.add(), element)
    elif isinstance(value, dict):
        message.kvlist_value.SetInParent()
        add(message.kvlist_value.values, value)
    else:
        message.SetInParent()


def json_lines(messages):
    """A document a line, as opentelemetry-cpp's and the Collector's file exporters write them."""
    return "".join(json.dumps(otlp.to_json(message)) + "\n" for message in messages).encode()


def framed(messages, compressed=False):
    """Messages behind their lengths, as the Collector writes protobuf or anything compressed."""
    contents = [message if isinstance(message, bytes) else message.SerializeToString()
                for message in messages]  # fmt: skip
    if compressed:
        contents = [zstandard.compress(content) for content in contents]
    return b"".join(struct.pack(">I", len(content)) + content for content in contents)
