"""The scenario of MLflow's announcement of distributed tracing, offline: the programs that the
package has as examples, without a server and then with a Swift service in between."""

import os
import signal
import subprocess
import sys

import pytest

import call_trees
import stores
from call_trees import drawn, json_attribute, tree
from processes import TIME_LIMIT, DemoService, Process, spanlog, spanlog_json
from python_processes import ENVIRONMENT, EXAMPLES


@pytest.fixture
def agent(tmp_path):
    command = [sys.executable, EXAMPLES / "agent_service.py", tmp_path / "stores/agent"]
    service = Process(command, "listening on ", ENVIRONMENT)
    service.url = service.output.split("listening on ")[1].strip() + "/"
    yield service
    service.stop()


def run_client(store, url, *body):
    """Runs the client, and returns the id of its trace."""
    result = subprocess.run(
        [sys.executable, EXAMPLES / "client.py", store, url, *body],
        capture_output=True, text=True, timeout=TIME_LIMIT, env={**os.environ, **ENVIRONMENT},
        cwd=store.parent.parent,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout.strip().removeprefix("tr-")


def spans_of(tmp_path):
    directories = sorted((tmp_path / "stores").iterdir())
    blocks = [block for directory in directories for block in stores.read_store(directory)]
    return list(call_trees.from_otlp(blocks))


def check_merged(tmp_path, trace, count):
    """The stores become one whole trace."""
    archive = tmp_path / "traces.spanlog"
    report = spanlog_json("merge", tmp_path / "stores", "-o", archive)
    assert report["traces"]["total"] == report["traces"]["whole"] == 1
    assert len(spanlog_json("show", archive, trace)["spans"]) == count
    spanlog("verify", tmp_path / "stores")


def test_a_client_and_a_flask_handler_are_one_trace(tmp_path, agent):
    trace = run_client(tmp_path / "stores/client", agent.url)
    # Flask's development server has no way to stop: it dies, and its spans are there all the same.
    agent.stop(signal.SIGKILL)
    # Nobody was asked, and nothing but the stores was written.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stores"]
    check_merged(tmp_path, trace, 2)
    merged = spanlog_json("show", tmp_path / "traces.spanlog", trace)["spans"]
    root, handler = sorted(merged, key=lambda span: span["start_time_unix_nano"])
    assert (root["name"], root["service"]) == ("client-root", "client")
    assert (handler["name"], handler["service"]) == ("server-handler", "agent")
    assert handler["parent_span_id"] == root["span_id"]
    assert handler["attributes"]["status"] == "processed"
    assert handler["attributes"]["mlflow.spanType"] == "AGENT"


def test_a_swift_service_in_between_is_part_of_the_trace(tmp_path, agent):
    swift = DemoService("swift", tmp_path / "stores/swift")
    try:
        steps = f'[{{"url": "{agent.url}", "arguments": []}}]'
        trace = run_client(tmp_path / "stores/client", swift.url, steps)
    finally:
        assert swift.stop() == 0
    agent.stop(signal.SIGTERM)
    check_merged(tmp_path, trace, 4)
    archive = tmp_path / "traces.spanlog"
    shown = spanlog_json("show", archive, trace)["spans"]
    spans = [
        {**span, "parent_span_id": span.get("parent_span_id") or "", "kind": span["kind"].upper(),
         "status": "", "start": span["start_time_unix_nano"]}
        for span in shown
    ]  # fmt: skip
    assert tree(spans) == drawn(
        """
        client: client-root
          swift: / SERVER
            swift: POST CLIENT
              agent: server-handler
        """
    )
    client = {s["name"]: s for s in spans_of(tmp_path) if s["service"] == "client"}
    assert json_attribute(client["client-root"], "mlflow.spanOutputs")["service"] == "swift"
