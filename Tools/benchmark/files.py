"""How fast `spanlog import` reads files, by format, and how much memory that takes.

    Tools/bench import [spans=1000000] [runs=3]

Spans with four attributes, of four services, ten a trace and a hundred a document, as file exporters write
them. The file is read from the page cache; what counts is the time until its blocks are durable, and
besides it the command's own CPU time, which what runs beside it changes less.
"""

import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import zstandard
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/SystemTests"))

import processes  # noqa: E402

SPANLOG = processes.SPANLOG = ROOT / "Tools/.build/release/spanlog"
SERVICES, DOCUMENT, TRACE = 4, 100, 10
START = 1_790_000_000_000_000_000


def spans(first):
    """The plain facts of a document's spans."""
    for number in range(first, first + DOCUMENT):
        trace = (number // TRACE + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128
        yield {
            "number": number, "trace": f"{trace:032x}", "span": f"{number + 1:016x}",
            "parent": "" if number % TRACE == 0 else f"{number:016x}",
            "name": f"GET /items/{number % 20}", "start": START + number * 1000, "duration": 750_000,
            "attributes": {"http.request.method": "GET", "url.path": f"/items/{number % 1000}",
                           "http.response.status_code": 200, "user.id": f"user {number % 5000}"},
        }  # fmt: skip


def value(content):
    return {"intValue": str(content)} if isinstance(content, int) else {"stringValue": content}


def otlp_json(service, facts):
    found = [
        {
            "traceId": span["trace"], "spanId": span["span"], "parentSpanId": span["parent"],
            "name": span["name"], "kind": 2, "startTimeUnixNano": str(span["start"]),
            "endTimeUnixNano": str(span["start"] + span["duration"]),
            "attributes": [{"key": k, "value": value(v)} for k, v in span["attributes"].items()],
            "status": {},
        }
        for span in facts
    ]  # fmt: skip
    attributes = [{"key": "service.name", "value": {"stringValue": service}}]
    scopes = [{"scope": {"name": "bench"}, "spans": found}]
    content = {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": scopes}]}
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def otlp_protobuf(service, facts):
    message = TracesData()
    group = message.resource_spans.add()
    group.resource.attributes.add(key="service.name").value.string_value = service
    scope = group.scope_spans.add()
    scope.scope.name = "bench"
    for facts_of_span in facts:
        span = scope.spans.add(
            trace_id=bytes.fromhex(facts_of_span["trace"]), span_id=bytes.fromhex(facts_of_span["span"]),
            parent_span_id=bytes.fromhex(facts_of_span["parent"]), name=facts_of_span["name"], kind=2,
            start_time_unix_nano=facts_of_span["start"],
            end_time_unix_nano=facts_of_span["start"] + facts_of_span["duration"],
        )  # fmt: skip
        for key, content in facts_of_span["attributes"].items():
            attribute = span.attributes.add(key=key).value
            if isinstance(content, int):
                attribute.int_value = content
            else:
                attribute.string_value = content
    content = message.SerializeToString()
    return struct.pack(">I", len(content)) + content


def jaeger(service, facts):
    traces = {}
    for span in facts:
        tags = [
            {"key": key, "type": "int64" if isinstance(content, int) else "string", "value": content}
            for key, content in span["attributes"].items()
        ]
        parents = [{"refType": "CHILD_OF", "traceID": span["trace"], "spanID": span["parent"]}]
        traces.setdefault(span["trace"], []).append({
            "traceID": span["trace"], "spanID": span["span"], "operationName": span["name"],
            "references": parents if span["parent"] else [], "startTime": span["start"] // 1000,
            "duration": span["duration"] // 1000, "tags": tags, "logs": [], "processID": "p1",
        })  # fmt: skip
    processes = {"p1": {"serviceName": service, "tags": []}}
    content = [{"traceID": t, "spans": s, "processes": processes} for t, s in traces.items()]
    return json.dumps({"data": content}, separators=(",", ":")).encode() + b"\n"


def zipkin(service, facts):
    content = [
        {
            "traceId": span["trace"], "id": span["span"], "name": span["name"], "kind": "SERVER",
            **({"parentId": span["parent"]} if span["parent"] else {}),
            "timestamp": span["start"] // 1000, "duration": span["duration"] // 1000,
            "localEndpoint": {"serviceName": service, "ipv4": "10.0.0.1"},
            "tags": {key: str(content) for key, content in span["attributes"].items()},
        }
        for span in facts
    ]  # fmt: skip
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def write(path, form, count):
    with open(path, "wb") as file:
        for number, first in enumerate(range(0, count, DOCUMENT)):
            file.write(form(f"service {number % SERVICES}", spans(first)))
    return path


def measure(file, count, store):
    """Wall and CPU time in seconds, and the peak memory in MiB."""
    begin = time.monotonic()
    process = subprocess.Popen(
        [SPANLOG, "import", file, "--store", store], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    peak, status = 0, None
    while status is None:
        # `wait4` counts the memory of the parent before `exec`.
        peak = max(peak, processes.peak_kilobytes(process.pid))
        time.sleep(0.005)
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        status = status if pid else None
    wall = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    output = process.stdout.read()
    assert process.returncode == 0 and f"{count} imported" in output, output
    return wall, used.ru_utime + used.ru_stime, peak / 1024


def main():
    options = dict(argument.split("=") for argument in sys.argv[1:])
    count, runs = int(options.get("spans", 1_000_000)), int(options.get("runs", 3))
    formats = {"OTLP JSON": otlp_json, "OTLP protobuf": otlp_protobuf, "Jaeger": jaeger, "Zipkin": zipkin}
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for name, form in formats.items():
            files[name] = write(Path(folder) / name.replace(" ", "-"), form, count)
        content = files["OTLP JSON"].read_bytes()
        files["OTLP JSON, zstd"] = Path(folder) / "zstd"
        files["OTLP JSON, zstd"].write_bytes(zstandard.compress(content))
        del content
        print(f"{count:,} spans, medians of {runs} runs")
        print(f"{'':16} {'a span':>8} {'spans/s':>10} {'CPU a span':>11} {'memory':>9} {'store':>12}")
        for name, file in files.items():
            results = []
            for run in range(runs):
                store = Path(folder) / f"store {name} {run}"
                results.append(measure(file, count, store))
            size = sum(path.stat().st_size for path in store.iterdir()) / count
            wall, cpu, memory = (statistics.median(column) for column in zip(*results, strict=True))
            print(f"{name:16} {file.stat().st_size / count:6.0f} B {count / wall:10,.0f}"
                  f" {cpu / count * 1e6:8.2f} µs {memory:5.0f} MiB {size:5.1f} B/span")  # fmt: skip


main()
