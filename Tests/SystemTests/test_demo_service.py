"""The demo service does what its requests say, and records it."""

import signal
import socket
import subprocess
import urllib.request

import requests

import call_trees
import stores
from call_trees import call, drawn, post, trace_id, tree, work
from processes import DEMO_SERVICE


def recorded(*services):
    """Stops services and returns the spans in their stores."""
    for service in services:
        assert service.stop() == 0, service.output
    blocks = [block for service in services for block in stores.read_store(service.store)]
    return list(call_trees.from_otlp(blocks))


def test_a_call_tree_over_three_services_is_one_trace(services):
    planner, researcher, coder = services("planner", "researcher", "coder")
    status, answer = post(
        planner,
        call(researcher),
        work("code", call(coder, call(researcher, call(planner)))),
    )
    assert (status, answer["service"], answer["result"]) == (200, "planner", 1229)
    spans = recorded(planner, researcher, coder)
    assert {span["trace_id"] for span in spans} == {trace_id(answer)}
    assert tree(spans) == drawn(
        """
        planner: / SERVER
          planner: POST CLIENT
            researcher: / SERVER
              researcher: count primes
          planner: code
            planner: POST CLIENT
              coder: / SERVER
                coder: POST CLIENT
                  researcher: / SERVER
                    researcher: POST CLIENT
                      planner: / SERVER
                        planner: count primes
        """
    )


def test_a_leaf_records_type_inputs_and_outputs(services):
    [service] = services("leaf")
    post(service)
    [leaf] = [span for span in recorded(service) if span["kind"] == "INTERNAL"]
    assert leaf["attributes"]["mlflow.spanType"].string_value == "TOOL"
    assert call_trees.json_attribute(leaf, "mlflow.spanInputs") == {"below": 10_000}
    assert call_trees.json_attribute(leaf, "mlflow.spanOutputs") == {"primes": 1_229}


def test_a_failed_call_is_an_error_on_its_span_and_the_answer(services):
    caller, callee = services("caller", "callee")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    status, answer = post(
        caller,
        call(callee, work("break", fail="as told")),
        {"url": nobody, "arguments": []},
        call(callee),
    )
    assert status == 502
    assert answer["error"] == f"{callee.url} failed: status 500"
    spans = recorded(caller, callee)
    assert tree(spans) == drawn(
        """
        caller: / SERVER ERROR
          caller: POST CLIENT ERROR
            callee: / SERVER ERROR
              callee: break ERROR
          caller: POST CLIENT ERROR
          caller: POST CLIENT
            callee: / SERVER
              callee: count primes
        """
    )
    [broken] = [span for span in spans if span["name"] == "break"]
    [exception] = broken["events"]
    messages = [a.value.string_value for a in exception.attributes if a.key == "exception.message"]
    assert (exception.name, messages) == ("exception", ["as told"])


def test_an_incoming_trace_goes_on(services):
    [service] = services("joined")
    headers = {"TRACEPARENT": f"00-{'ab' * 16}-{'cd' * 8}-01"}
    _, answer = post(service, headers=headers)
    assert trace_id(answer) == "ab" * 16
    [server] = [span for span in recorded(service) if span["kind"] == "SERVER"]
    assert server["parent_span_id"] == "cd" * 8


def test_every_request_is_answered(services):
    [service] = services("tolerant")
    url = service.url
    assert post(service, {"url": url, "arguments": [], "unknown": [1]})[0] == 200
    assert post(service, {"neither": "url nor work"})[0] == 400
    for body in (b"", b"{", b"{}", b"\xff\xfe", b"[" * 5_000, b'[{"url": 7}]'):
        assert requests.post(url, data=body, timeout=60).status_code == 400, body[:20]
    for headers in ({"traceparent": "00-" + "f" * 100}, {"baggage": "%zz=%;;,,"}):
        assert post(service, headers=headers)[0] == 200
    assert requests.get(url, timeout=60).status_code == 404


def test_health_is_answered_and_not_traced(services):
    [service] = services("healthy")
    with urllib.request.urlopen(service.url + "health") as response:
        assert response.status == 200
    assert recorded(service) == []


def test_a_terminated_service_has_flushed_and_exits_with_0(services):
    for with_signal in (signal.SIGTERM, signal.SIGINT):
        [service] = services(f"stopped by {with_signal.name}")
        for _ in range(10):
            assert post(service)[0] == 200
        assert service.stop(with_signal) == 0
        assert len(stores.read_spans(service.store)) == 20


def test_a_store_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for store in (tmp_path / "file", tmp_path / "file/below"):
        result = subprocess.run(
            [DEMO_SERVICE, "--name", "x", "--port", "0", "--store", store],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert result.returncode == 1
        assert str(store) in result.stderr
