"""`spanlog import`: files as other systems write them, into stores that a merge reads as any other."""

import gzip
import json
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import archives
import otlp
import otlp_files
import stores
import zstandard
from opentelemetry.exporter.zipkin.json.v2 import JsonV2Encoder
from opentelemetry.exporter.zipkin.node_endpoint import NodeEndpoint
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode
from processes import SPANLOG, TIME_LIMIT, peak_kilobytes, spanlog, spanlog_json

# Written by opentelemetry-exporter-otlp-json-file 0.66b1.
PYTHON_FILE = Path(__file__).parent / "Fixtures/opentelemetry-python-0.66b1.jsonl"


def imported(store, *files, format="otlp", code=0):
    result = spanlog("import", format, *files, "--store", store, "--json", check=False)
    assert result.returncode == code, result.stderr
    return json.loads(result.stdout)


def merged(folder, *names):
    """The archive of some stores, and what the merge said."""
    archive = folder / f"{'-'.join(names)}.spanlog"
    report = spanlog_json("merge", *[folder / name for name in names], "-o", archive)
    return archives.read_archive(archive), report


def spans_of(archive):
    return {span.span_id: span for spans in archive.traces.values() for span, *_ in spans}


def write(path, content):
    path.write_bytes(content)
    return path


def test_what_opentelemetrys_python_exporter_writes(tmp_path):
    [report] = imported(tmp_path / "store", PYTHON_FILE)
    assert report["imported_span_count"] == 3 and report["problems"] == []
    archive, merge = merged(tmp_path, "store")
    assert merge["accounting"]["spans_out"] == 3
    found = {span.name: span for span in spans_of(archive).values()}
    assert found["ship"].parent_span_id == found["pay"].parent_span_id == found["buy"].span_id
    assert found["pay"].status.message == "declined" and found["pay"].events[0].name == "retry"
    assert found["ship"].links[0].span_id == found["buy"].span_id and found["ship"].flags == 256
    attributes = {a.key: a.value for a in found["buy"].attributes}
    assert attributes["text"].string_value == "café"
    assert attributes["count"].int_value == 2**53 + 1
    assert [v.int_value for v in attributes["numbers"].array_value.values] == [1, 2]
    shown = spanlog("show", tmp_path / "store.spanlog", found["buy"].trace_id.hex()).stdout
    assert "buy  shop server" in shown
    info = spanlog("info", tmp_path / "store").stdout
    assert "shop on alpha" in info
    assert "sound" in spanlog("verify", tmp_path / "store").stdout


def test_json_and_protobuf_of_the_same_spans_are_the_same_to_a_merge(tmp_path):
    messages = list(otlp_files.traces(1))
    files = {
        "json": otlp_files.json_lines(messages),
        "framed": otlp_files.framed(messages),
        "frames": otlp_files.framed(messages, compressed=True),
        "json-frames": otlp_files.framed(
            [otlp_files.json_lines([message]) for message in messages], compressed=True),
        "whole": b"".join(message.SerializeToString() for message in messages),
        "pretty": b"\n".join(
            json.dumps(otlp.to_json(message), indent=2).encode() for message in messages),
    }  # fmt: skip
    for name, content in files.items():
        [report] = imported(tmp_path / name, write(tmp_path / f"{name}.file", content))
        assert report["imported_span_count"] == 20, name
        archive, _ = merged(tmp_path, name)
        for message in messages:
            [span] = message.resource_spans[0].scope_spans[0].spans
            assert spans_of(archive)[span.span_id].SerializeToString() == span.SerializeToString()
    _, merge = merged(tmp_path, *files)
    assert merge["accounting"]["spans_out"] == 20
    assert merge["accounting"]["identical"] == 20 * (len(files) - 1)


def test_a_file_is_the_same_compressed_or_not_by_any_name_and_from_any_pipe(tmp_path):
    content = otlp_files.json_lines(otlp_files.traces(2))
    plain = write(tmp_path / "plain.jsonl", content)
    store = tmp_path / "store"
    assert imported(store, plain)[0]["imported_span_count"] == 20
    files = sorted(os.listdir(store))
    for name, packed in {
        "a.gz": gzip.compress(content), "b.gz": gzip.compress(content[:999]) + gzip.compress(content[999:]),
        "c.zst": zstandard.compress(content),
    }.items():  # fmt: skip
        [report] = imported(store, write(tmp_path / name, packed))
        assert report["already_there_span_count"] == 20, name
    for options in ({"input": content}, {"stdin": os.open(plain, os.O_RDONLY)}):
        result = subprocess.run(
            [SPANLOG, "import", "-", "--store", store], capture_output=True, **options)
        assert b"20 already there" in result.stdout and result.returncode == 0
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cp", plain, pipe]):
        assert imported(store, pipe)[0]["already_there_span_count"] == 20
    assert sorted(os.listdir(store)) == files


def test_what_is_wrong_is_named_and_the_rest_imported(tmp_path):
    lines = otlp_files.json_lines(otlp_files.traces(3, spans=5)).splitlines()
    lines[1] = lines[1].replace(b'"startTimeUnixNano": "1', b'"startTimeUnixNano": "x')
    lines[2] = b"{nonsense"
    lines[4] = lines[4][:-100]
    file = write(tmp_path / "bad.jsonl", b"\n".join(lines))
    [report] = imported(tmp_path / "store", file, code=2)
    assert report["imported_span_count"] == 2
    assert report["refused_span_count"] == 1 and report["unreadable_piece_count"] == 2
    assert [problem["line"] for problem in report["problems"]] == [2, 3, 5]
    result = spanlog("import", file, "--store", tmp_path / "store", check=False)
    assert result.returncode == 2
    assert "read 3 = 0 imported + 2 already there + 1 refused" in result.stdout
    assert f"not taken: {file}:2: expected an integer from 0 to 2^64 - 1" in result.stdout

    cut = write(tmp_path / "cut.gz", gzip.compress(b"\n".join(lines[:1] * 500))[:-20])
    assert imported(tmp_path / "other", cut, code=2)[0]["imported_span_count"] > 0


def test_files_that_cannot_be_read_do_not_keep_others_out(tmp_path):
    good = write(tmp_path / "good.jsonl", otlp_files.json_lines(otlp_files.traces(4)))
    odd = write(tmp_path / "odd", b"hello")
    store = tmp_path / "store"
    result = spanlog(
        "import", tmp_path / "none", odd, tmp_path, good, "--store", store, check=False)
    assert result.returncode == 1 and "read 20 = 20 imported" in result.stdout
    for words in ("Cannot read", "begins like none of", "is a directory"):
        assert words in result.stderr
    result = spanlog("import", "zipkin", write(tmp_path / "a.pb", b"\n\0"), "--store", store, check=False)
    assert result.returncode == 1 and "is no JSON" in result.stderr
    assert spanlog("import", good, check=False).returncode == 64
    assert spanlog("import", "-", "-", "--store", store, check=False).returncode == 64


def test_the_archive_is_the_same_however_files_are_grouped(tmp_path):
    files = [
        write(tmp_path / f"{seed}.jsonl", otlp_files.json_lines(otlp_files.traces(seed)))
        for seed in range(4)
    ]
    imported(tmp_path / "all", *files)
    imported(tmp_path / "one", files[3], files[0])
    imported(tmp_path / "two", files[1])
    imported(tmp_path / "two", files[2])
    archive, report = merged(tmp_path, "all")
    assert report["accounting"]["spans_out"] == 80
    assert archive.digest == merged(tmp_path, "two", "one")[0].digest
    # A store that was imported twice and carried twice is the same, too.
    imported(tmp_path / "all", *files)
    assert merged(tmp_path, "all", "one", "two")[0].digest == archive.digest


def unfinished(store):
    """The files that an import is writing, or has left behind."""
    files = [path.stat() for path in store.glob("compacted-*.tmp")]
    return {(file.st_ino, file.st_mtime_ns) for file in files}


def wait_for_import(store, before):
    """Returns once an import is writing."""
    deadline = time.monotonic() + TIME_LIMIT
    while not unfinished(store) - before:
        assert time.monotonic() < deadline, "the import did not begin to write"
        time.sleep(0.01)


def test_an_import_that_is_killed_leaves_nothing_and_starts_over(tmp_path):
    message = otlp_files.json_lines(otlp_files.traces(5, spans=50))
    file = tmp_path / "large.jsonl"
    with open(file, "wb") as output:
        for _ in range(400):
            output.write(message)
    store = tmp_path / "store"
    arguments = [SPANLOG, "import", "otlp", file, "--store", store]
    for with_signal, code in ((signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGKILL, -9)):
        before = unfinished(store)
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_for_import(store, before)
        process.send_signal(with_signal)
        assert process.wait(TIME_LIMIT) == code
        process.stderr.close()
        # What is half there does not look whole.
        assert not [name for name in os.listdir(store) if name.endswith(".mdb")]
        assert spanlog_json("info", store)[0]["recorders"] == []
    assert imported(store, file)[0]["imported_span_count"] == 20_000
    assert sorted(name.split("-")[0] for name in os.listdir(store)) == ["compacted", "spanlog"]
    assert imported(store, file)[0]["already_there_span_count"] == 20_000
    assert spanlog_json("verify", store)[0]["damages"] == []


def exported_to_zipkin(service, address, record):
    """What OpenTelemetry's Zipkin exporter sends of the spans of a service."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    record(provider.get_tracer("library", "1.0"))
    endpoint = NodeEndpoint(ipv4=address, port=80)
    endpoint.service_name = service
    return JsonV2Encoder().serialize(exporter.get_finished_spans(), endpoint).encode(), exporter


def test_what_opentelemetrys_zipkin_exporter_sends(tmp_path):
    def record(tracer):
        with tracer.start_as_current_span("buy", kind=SpanKind.SERVER) as span:
            span.set_attribute("count", 7)
            with tracer.start_as_current_span("pay", kind=SpanKind.CLIENT) as pay:
                pay.add_event("retry", {"attempt": 2})
                pay.set_status(Status(StatusCode.ERROR, "declined"))

    content, exporter = exported_to_zipkin("shop", "10.0.0.1", record)
    [report] = imported(tmp_path / "store", write(tmp_path / "z.json", content), format="any")
    assert report["format"] == "zipkin" and report["imported_span_count"] == 2
    archive, _ = merged(tmp_path, "store")
    found = spans_of(archive)
    for span in exporter.get_finished_spans():
        read = found[span.context.span_id.to_bytes(8, "big")]
        assert read.trace_id == span.context.trace_id.to_bytes(16, "big")
        assert read.name == span.name
        assert abs(read.start_time_unix_nano - span.start_time) <= 1000
        assert abs(read.end_time_unix_nano - span.end_time) <= 2000
    pay = next(span for span in found.values() if span.name == "pay")
    assert (pay.kind, pay.status.code, pay.status.message) == (3, 2, "declined")
    assert pay.events[0].name == "retry"
    assert [a.value.int_value for a in pay.events[0].attributes] == [2]
    [block] = stores.read_store(tmp_path / "store")
    resource = {a.key: a.value for a in block.data.resource_spans[0].resource.attributes}
    assert resource["service.name"].string_value == "shop"
    assert resource["telemetry.sdk.name"].string_value == "opentelemetry"
    assert resource["host.ip"].array_value.values[0].string_value == "10.0.0.1"
    assert block.data.resource_spans[0].scope_spans[0].scope.name == "library"


def test_both_sides_of_zipkins_shared_spans_are_kept(tmp_path):
    span = {"traceId": "7" * 16, "id": "1" * 16, "timestamp": 1_790_000_000_000_000, "duration": 90}
    client = {**span, "name": "call", "kind": "CLIENT", "localEndpoint": {"serviceName": "a"}}
    server = {**span, "name": "serve", "kind": "SERVER", "shared": True,
              "localEndpoint": {"serviceName": "b"}}  # fmt: skip
    inner = {**span, "id": "2" * 16, "parentId": "1" * 16, "name": "work",
             "localEndpoint": {"serviceName": "b"}}  # fmt: skip
    file = write(tmp_path / "z.json", json.dumps([client, server, inner]).encode())
    imported(tmp_path / "store", file, format="zipkin")
    archive, report = merged(tmp_path, "store")
    assert report["traces"]["shared_splits"] == 1
    found = {span.name: span for span in spans_of(archive).values()}
    assert found["call"].span_id == found["serve"].parent_span_id
    assert found["work"].parent_span_id == found["serve"].span_id


def test_a_file_of_jaegers_is_a_tree(tmp_path):
    def span(identifier, name, process, *references, **tags):
        return {
            "traceID": "ab", "spanID": identifier, "operationName": name, "processID": process,
            "references": [{"refType": kind, "traceID": "ab", "spanID": to} for kind, to in references],
            "startTime": 1_790_000_000_000_000 + int(identifier, 16), "duration": 500, "logs": [],
            "tags": [{"key": key.replace("_", "."), "type": "string", "value": value}
                     for key, value in tags.items()],
        }  # fmt: skip

    trace = {
        "traceID": "ab",
        "spans": [
            span("1", "buy", "p1", span_kind="server"),
            span("2", "pay", "p1", ("CHILD_OF", "1"), span_kind="client"),
            span("3", "charge", "p2", ("CHILD_OF", "2"), span_kind="server", error="true"),
            span("4", "audit", "p2", ("FOLLOWS_FROM", "3")),
        ],
        "processes": {"p1": {"serviceName": "shop"}, "p2": {"serviceName": "bank"}},
    }
    file = write(tmp_path / "j.json", json.dumps({"data": [trace] * 2, "total": 0}, indent=1).encode())
    [report] = imported(tmp_path / "store", file, format="any")
    assert report["format"] == "jaeger" and report["imported_span_count"] == 8
    _, report = merged(tmp_path, "store")
    assert report["accounting"]["identical"] == 4 and report["traces"]["orphans"] == 0
    shown = spanlog("show", tmp_path / "store.spanlog", "ab".rjust(32, "0")).stdout
    names = [line.strip("└├─│ ").split("  ")[0] for line in shown.splitlines()[1:]]
    assert names == ["buy", "pay", "charge", "audit"]


def test_hosts_of_one_file_have_clocks_of_their_own(tmp_path):
    hour = 3600 * 10**9
    message = otlp_files.TracesData()
    for number in range(20):
        start = otlp_files.START + number * 10**9
        trace = (number + 1).to_bytes(16, "big")
        spans = [
            ("here", dict(span_id=b"\0" * 7 + b"\1", kind=3, start=start, end=start + 10**7)),
            ("there", dict(span_id=b"\0" * 7 + b"\2", parent_span_id=b"\0" * 7 + b"\1", kind=2,
                           start=start + hour + 10**6, end=start + hour + 9 * 10**6)),
        ]  # fmt: skip
        for host, fields in spans:
            group = message.resource_spans.add()
            otlp_files.add(group.resource.attributes, {"service.name": "twin", "host.name": host})
            times = {"start_time_unix_nano": fields.pop("start"), "end_time_unix_nano": fields.pop("end")}
            group.scope_spans.add().spans.add(trace_id=trace, name=host, **fields, **times)
    file = write(tmp_path / "a.jsonl", otlp_files.json_lines([message]))
    assert imported(tmp_path / "store", file)[0]["resource_count"] == 2
    _, report = merged(tmp_path, "store")
    domains = report["clocks"]["domains"]
    assert len(domains) == 2 and all(d["domain"].startswith("instance:twin/") for d in domains)
    offsets = sorted(domain["summary"]["offset_at_start_ns"] for domain in domains)
    # Half of what the calls leave open is the most that it may be off.
    assert abs(offsets[1] - offsets[0] - hour) <= 10**6


def test_memory_does_not_depend_on_the_size_of_a_file(tmp_path):
    groups = [json.dumps(otlp.to_json(message))[len('{"resourceSpans": [') : -2]
              for message in otlp_files.traces(6, spans=200)]  # fmt: skip
    file = tmp_path / "line.json"
    with open(file, "w") as output:
        output.write('{"resourceSpans": [')
        for number in range(60):
            output.write("," * (number > 0) + ",".join(groups))
        output.write("]}")
    assert file.stat().st_size > 20 << 20

    def limit():
        # Less than the map that an import asks for at first.
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))

    process = subprocess.Popen(
        [SPANLOG, "import", file, "--store", tmp_path / "store"], preexec_fn=limit,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    peak = 0
    while process.poll() is None:
        peak = max(peak, peak_kilobytes(process.pid))
        time.sleep(0.02)
    with process.stdout:
        assert process.returncode == 0 and "12000 imported" in process.stdout.read()
    assert 0 < peak < 200 << 10
