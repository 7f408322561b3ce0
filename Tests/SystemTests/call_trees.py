"""Call trees for demo services, and the spans that they must leave behind."""

import json

import requests


def call(service, *steps):
    """A step that calls a service."""
    return {"url": service.url, "arguments": list(steps)}


def work(name, *steps, **members):
    """A step that works in a span of its own."""
    return {"work": name, "arguments": list(steps), **members}


def post(service, *steps, headers=None):
    """Sends steps to a service, and returns the status and the answer."""
    response = requests.post(service.url, json=steps, headers=headers, timeout=60)
    return response.status_code, response.json()


def trace_id(answer):
    """The trace that a request became, in hexadecimal."""
    return answer["traceparent"].split("-")[1]


def tree(spans):
    """Spans as a drawing, one line each, that tells service, name, kind and status.

    Takes dictionaries with span_id, parent_span_id, service, name, kind, status and start. Siblings
    stand in the order of their starts.
    """
    spans = sorted(spans, key=lambda span: span["start"])
    known = {span["span_id"] for span in spans}

    def draw(parent, depth):
        for span in spans:
            if (span["parent_span_id"] if span["parent_span_id"] in known else None) == parent:
                kind = f" {span['kind']}" if span["kind"] != "INTERNAL" else ""
                status = f" {span['status']}" if span["status"] == "ERROR" else ""
                yield f"{'  ' * depth}{span['service']}: {span['name']}{kind}{status}"
                yield from draw(span["span_id"], depth + 1)

    return list(draw(None, 0))


def drawn(text):
    """A drawing in a test's source, as `tree` gives it."""
    lines = [line for line in text.splitlines() if line.strip()]
    margin = len(lines[0]) - len(lines[0].lstrip())
    return [line[margin:] for line in lines]


KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
STATUSES = ["UNSET", "OK", "ERROR"]


def from_otlp(blocks):
    """The spans of blocks in the form that `tree` takes."""
    for block in blocks:
        for resource in block.data.resource_spans:
            values = {a.key: a.value.string_value for a in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    yield {
                        "trace_id": span.trace_id.hex(),
                        "span_id": span.span_id.hex(),
                        "parent_span_id": span.parent_span_id.hex(),
                        "service": values["service.name"],
                        "name": span.name,
                        "kind": KINDS[span.kind],
                        "status": STATUSES[span.status.code],
                        "message": span.status.message,
                        "start": span.start_time_unix_nano,
                        "end": span.end_time_unix_nano,
                        "attributes": {a.key: a.value for a in span.attributes},
                        "events": span.events,
                        "links": span.links,
                    }


def json_attribute(span, key):
    """What an OTLP attribute holds as JSON text."""
    return json.loads(span["attributes"][key].string_value)
