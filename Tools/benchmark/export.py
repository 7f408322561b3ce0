"""How near an export comes to what its server can take.

    Tools/bench export [spans=20000] [trace=10] [runs=3]

Three rounds against fresh MLflow servers on loopback: an export through a proxy that keeps each
request, a replay of these requests, already encoded and compressed, by as many connections, and an
export again, both alternately. What is compared is spans a second, so that what the machine does
besides hits both alike.
"""

import http.client
import http.server
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/SystemTests"))

from processes import MLflowServer  # noqa: E402

BENCH = ROOT / ".build/release/SpanLogBench"
SPANLOG = ROOT / "Tools/.build/release/spanlog"
CONNECTIONS = 3
KEPT_HEADERS = {"content-type", "content-encoding", "x-mlflow-experiment-id"}


def make_archive(folder, spans, trace):
    """An archive of spans of many hosts."""
    for command in (
        ["generate", folder / "stores", f"spans={spans}", f"trace={trace}"],
        ["merge", folder / "stores", folder / "traces.spanlog"],
    ):
        subprocess.run([BENCH, *command], check=True, stdout=subprocess.DEVNULL)
    return folder / "traces.spanlog"


def export(archive, uri):
    """Exports the archive and returns the seconds that it took."""
    begin = time.monotonic()
    subprocess.run(
        [SPANLOG, "export", "mlflow", archive, "--tracking-uri", uri, "--experiment", "bench",
         "--connections", str(CONNECTIONS)],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return time.monotonic() - begin


class Recording(http.server.ThreadingHTTPServer):
    """A proxy that passes requests on and keeps those with a body, in the order they came."""

    def __init__(self, port):
        self.requests, self.port = [], port
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), RecordingHandler)


class RecordingHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {k: v for k, v in self.headers.items() if k.lower() in KEPT_HEADERS}
        if body:
            with self.server.lock:
                self.server.requests.append((self.command, self.path, body, headers))
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type", "text/plain"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = pass_on

    def log_message(self, *_):
        pass


def record(archive, folder):
    """Exports once and returns the requests."""
    server = MLflowServer(folder)
    proxy = Recording(server.port)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        export(archive, f"http://127.0.0.1:{proxy.server_port}")
    finally:
        proxy.shutdown()
        server.stop()
    return proxy.requests


def replay(requests, port):
    """Sends the requests again and returns the seconds that it took."""
    queue = SimpleQueue()
    for request in requests:
        queue.put(request)
    refused = []

    def send():
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.connect()
        while True:
            try:
                method, path, body, headers = queue.get_nowait()
            except Empty:
                return
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status >= 300:
                refused.append((path, answer.status))

    threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not refused, refused[:3]
    return time.monotonic() - begin


def measure(folder, action):
    """Runs something against a server of its own."""
    folder.mkdir()
    server = MLflowServer(folder)
    try:
        return action(server)
    finally:
        server.stop()


def main():
    settings = {"spans": 20_000, "trace": 10, "runs": 3}
    settings |= {key: int(value) for key, value in (word.split("=") for word in sys.argv[1:])}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = make_archive(folder, settings["spans"], settings["trace"])
        (folder / "record").mkdir()
        requests = record(archive, folder / "record")
        replays, exports = [], []
        for run in range(settings["runs"]):
            replays.append(measure(
                folder / f"replay {run}", lambda server: replay(requests, server.port)))
            exports.append(measure(
                folder / f"export {run}", lambda server: export(archive, server.uri)))
    spans = settings["spans"]
    replayed, exported = (spans / statistics.median(times) for times in (replays, exports))
    print(f"{spans} spans, {settings['trace']} a trace, {len(requests)} requests, "
          f"medians of {settings['runs']} runs")  # fmt: skip
    print(f"replay of encoded requests {replayed:8.0f} spans/s")
    print(f"spanlog export mlflow      {exported:8.0f} spans/s   {exported / replayed:.2f}")


if __name__ == "__main__":
    main()
