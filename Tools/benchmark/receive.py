"""How fast `spanlog receive` takes what OpenTelemetry's exporter sends, and what that costs.

    Tools/bench receive [batches=2000] [connections=4] [runs=3] [gzip=yes]

Spans with four attributes, of four services, go through OpenTelemetry's Python SDK and its OTLP exporter
once, in batches of 512 as it makes them by default; the bytes of its requests are kept and then sent over
and over, each once the one before was answered. A receiver answers when the spans are durable. Besides
spans a second there are the receiver's own CPU time and memory, which what runs beside it changes less.
"""

import http.server
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/SystemTests"))

import processes  # noqa: E402

processes.SPANLOG = ROOT / "Tools/.build/release/spanlog"

import otlp  # noqa: E402
from opentelemetry.exporter.otlp.proto.http import Compression  # noqa: E402

otlp.SPANLOG = processes.SPANLOG
BATCH, SERVICES, KEPT_BATCHES = 512, 4, 64


class Capture(http.server.ThreadingHTTPServer):
    """Keeps the requests that it gets, as the bytes that they were."""

    def __init__(self):
        self.requests = []
        super().__init__(("127.0.0.1", 0), CaptureHandler)
        self.traces_url = f"http://127.0.0.1:{self.server_port}/v1/traces"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class CaptureHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        lines = [self.requestline, *(f"{name}: {value}" for name, value in self.headers.items())]
        self.server.requests.append("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def exported(compression):
    """Requests of the exporter, with their spans full batches each."""
    capture = Capture()
    for service in range(SERVICES):
        with otlp.exporting(capture, f"service {service}", batch=False, compression=compression) as tracer:
            exporter = tracer.span_processor._span_processors[0].span_exporter
            spans = []
            for number in range(BATCH * KEPT_BATCHES // SERVICES):
                span = tracer.start_span("handle request")
                span.set_attribute("http.request.method", "GET")
                span.set_attribute("url.path", f"/v1/orders/{number}")
                span.set_attribute("http.response.status_code", 200)
                span.set_attribute("server.load", 0.75)
                span._end_time = time.time_ns()
                spans.append(span._readable_span())
            for start in range(0, len(spans), BATCH):
                exporter.export(spans[start : start + BATCH])
    capture.shutdown()
    return capture.requests


def send(port, requests, count):
    """Sends `count` of the requests, one after the other."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for number in range(count):
            connection.sendall(requests[number % len(requests)])
            answer = connection.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200 "), answer


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(requests, batches, connections):
    """One receiver: spans a second, microseconds of CPU for each, MiB at most, bytes on disk for each."""
    with tempfile.TemporaryDirectory() as folder, otlp.Receiver(
        Path(folder) / "store", "--rate-max", "10G"
    ) as receiver:
        threads = [
            threading.Thread(target=send, args=(receiver.port, requests[place::connections], batches // connections))
            for place in range(connections)
        ]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - begin
        spans = batches // connections * connections * BATCH
        cpu, peak = cpu_seconds(receiver.popen.pid), receiver.peak_kilobytes() / 1024
        assert receiver.stop() == 0
        assert f"Stored {spans} spans" in receiver.output, receiver.output
        stored = sum(file.stat().st_size for file in receiver.store.glob("*.mdb"))
        return spans / seconds, cpu / spans * 1e6, peak, stored / spans


def main(batches=2000, connections=4, runs=3, gzip="yes"):
    compression = Compression.Gzip if gzip == "yes" else Compression.NoCompression
    requests = exported(compression)
    sent = sum(map(len, requests)) / len(requests) / BATCH
    results = [run(requests, int(batches), int(connections)) for _ in range(int(runs))]
    rate, cpu, peak, stored = (statistics.median(values) for values in zip(*results))
    print(
        f"{rate:,.0f} spans/s ({', '.join(f'{result[0]:,.0f}' for result in results)}) over {connections} "
        f"connections, {sent:.0f} bytes a span sent\n"
        f"{cpu:.2f} µs of the receiver's CPU a span, {peak:.0f} MiB at most, {stored:.0f} bytes a span on disk"
    )


if __name__ == "__main__":
    main(**dict(argument.split("=") for argument in sys.argv[1:]))
