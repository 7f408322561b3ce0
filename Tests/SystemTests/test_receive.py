"""`spanlog receive`: what senders of OTLP send is in the store once it is acknowledged, and only then."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import disks
import hosts
import pytest
import requests
import stores
from opentelemetry.exporter.otlp.proto.http import Compression
from otlp import (
    JSON, Receiver, add, answer, exporting, gzipped, partial_success, raw_request, request, span,
    status, to_json,
)  # fmt: skip
from processes import free_port, spanlog, spanlog_json
from spanlog.reading import read_spans


@pytest.fixture
def receiver(tmp_path):
    with Receiver(tmp_path / "store") as receiver:
        yield receiver


def merged(tmp_path, *folders, name="archive"):
    """The report of a merge."""
    archive = tmp_path / name
    report = spanlog_json("merge", *folders, "-o", archive, "--overwrite")
    return archive, report


def names(store):
    return sorted(span.name for span in stores.read_spans(store))


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip, Compression.Deflate])
def test_the_exporter_of_opentelemetrys_sdk(receiver, compression):
    with exporting(receiver, "Wörter", compression=compression) as tracer:
        with tracer.start_as_current_span("outer", attributes={"text": "ü" * 1000, "list": [1, 2]}) as outer:
            with tracer.start_as_current_span("inner") as inner:
                inner.record_exception(ValueError("no"))
            outer.set_attribute("number", 1.5)
    if compression is Compression.Deflate:
        # It is none of OTLP's; the sender is told so, and not to try again.
        assert not list(receiver.store.glob("*.mdb"))
        return
    inner, outer = stores.read_spans(receiver.store)
    assert (inner.name, inner.parent_span_id) == ("inner", outer.span_id)
    assert inner.events[0].name == "exception"
    assert {attribute.key for attribute in outer.attributes} == {"text", "list", "number"}
    spanlog("verify", receiver.store)


def test_services_are_told_apart_and_joined(tmp_path, receiver):
    with exporting(receiver, "planner") as planner, exporting(receiver, "coder") as coder:
        with planner.start_as_current_span("plan"), coder.start_as_current_span("code"):
            pass
    [store] = spanlog_json("info", receiver.store)
    assert sorted(recorder["service"] for recorder in store["recorders"]) == ["coder", "planner"]
    assert all(recorder["is_running"] for recorder in store["recorders"])
    assert len({recorder["boot_id"] for recorder in store["recorders"]}) == 1
    found = {span.name: span.resource.attributes["service.name"] for span in read_spans(receiver.store)}
    assert found == {"plan": "planner", "code": "coder"}
    archive, report = merged(tmp_path, receiver.store)
    assert report["traces"]["whole"] == 1
    shown = spanlog("show", archive).stdout
    assert "planner" in shown and "coder" in shown
    assert receiver.stop() == 0
    [store] = spanlog_json("info", receiver.store)
    assert not any(recorder["is_running"] for recorder in store["recorders"])


def test_it_answers_once_the_spans_are_committed(receiver):
    for number in range(1, 6):
        assert receiver.post(request(span(number)).SerializeToString()).status_code == 200
        # Read by liblmdb: what is not committed is not there.
        assert len(stores.read_spans(receiver.store)) == number


@pytest.mark.parametrize("compress", [False, True])
def test_json(receiver, compress):
    message = request(span(1, name="größer", attributes=[{"key": "a", "value": {"int_value": 2**60}}]))
    body = json.dumps(to_json(message)).encode()
    headers = {**JSON, "Content-Encoding": "gzip"} if compress else JSON
    response = requests.post(receiver.traces_url, gzipped(body) if compress else body, headers=headers)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/json" and response.json() == {}
    [stored] = stores.read_spans(receiver.store)
    assert stored == message.resource_spans[0].scope_spans[0].spans[0]


def test_spans_that_can_be_in_no_trace_are_rejected_one_by_one(receiver):
    message = request(
        span(1), span(2, trace_id=b""), span(3, span_id=b"short"),
        span(4, start_time_unix_nano=0), span(5, end_time_unix_nano=1), span(6),
    )  # fmt: skip
    add(message, "other", span(7, trace_id=bytes(16)))
    response = receiver.post(message.SerializeToString())
    assert response.status_code == 200
    count, text = partial_success(response)
    assert count == 5
    for reason in ("undecodable span: 1", "no trace id: 2", "no start: 1", "end before start: 1"):
        assert reason in text
    assert names(receiver.store) == ["span 1", "span 6"]
    spanlog("verify", receiver.store)

    body = json.dumps(to_json(request(span(8), span(9, start_time_unix_nano=0)))).encode()
    response = requests.post(receiver.traces_url, body, headers=JSON)
    assert response.json()["partialSuccess"]["rejectedSpans"] == "1"


def test_empty_requests_are_fine_and_leave_nothing(receiver):
    assert receiver.post(b"").status_code == 200
    assert receiver.post(request().SerializeToString()).status_code == 200
    assert requests.post(receiver.traces_url, b"{}", headers=JSON).status_code == 200
    assert not list(receiver.store.glob("*.mdb"))


def test_repeated_requests_are_one_trace(tmp_path, receiver):
    body = request(span(1), span(2)).SerializeToString()
    for _ in range(3):
        assert receiver.post(body).status_code == 200
    _, report = merged(tmp_path, receiver.store)
    assert (report["accounting"]["spans_out"], report["accounting"]["identical"]) == (2, 4)


# MARK: Other hosts

SENDER = """
import sys, urllib.request
body = sys.stdin.buffer.read()
request = urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/x-protobuf"})
assert urllib.request.urlopen(request, timeout=60).status == 200
"""


@pytest.fixture
def other_host():
    """The name of a network with an address of its own, joined to this one's 198.18.77.1."""
    name, near, far = f"spanlog-{os.getpid()}", f"sl{os.getpid()}a", f"sl{os.getpid()}b"
    commands = [
        f"netns add {name}", f"link add {near} type veth peer name {far} netns {name}",
        f"addr add 198.18.77.1/30 dev {near}", f"link set {near} up",
        f"-n {name} addr add 198.18.77.2/30 dev {far}", f"-n {name} link set {far} up",
    ]  # fmt: skip
    try:
        for command in commands:
            result = subprocess.run(["ip", *command.split()], capture_output=True, text=True)
            if result.returncode != 0:
                pytest.skip(f"no permission to make a network: {result.stderr}")
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True)


@pytest.mark.skipif(not shutil.which("ip"), reason="iproute2 is not installed")
def test_clocks_of_other_hosts_are_not_taken_for_this_ones(tmp_path, other_host):
    with Receiver(tmp_path / "store", "--allow-remote", listen="198.18.77.1:0") as receiver:
        # From this host, though not by loopback.
        assert receiver.post(request(span(1), service="near").SerializeToString()).status_code == 200
        far = request(span(2, trace=2), service="far").SerializeToString()
        command = ["ip", "netns", "exec", other_host, sys.executable, "-c", SENDER, receiver.traces_url]
        subprocess.run(command, input=far, check=True)
        [store] = spanlog_json("info", receiver.store)
        boots = {recorder["service"]: recorder["boot_id"] for recorder in store["recorders"]}
        assert boots["far"] == "0" * 32
        assert boots["near"] == Path(hosts.BOOT_ID).read_text().strip().replace("-", "")
        archive, _ = merged(tmp_path, receiver.store)
        assert "instance:far/" in spanlog("clock", archive).stdout


# MARK: Ends


def load(receiver, service, acknowledged, stop):
    """Posts until it is told to stop, and notes what was acknowledged."""
    number = 0
    with requests.Session() as session:
        while not stop.is_set():
            spans = [span(number := number + 1, trace=service + 1) for _ in range(20)]
            body = request(*spans, service=f"service {service}").SerializeToString()
            try:
                response = session.post(
                    receiver.traces_url, body, headers={"Content-Type": "application/x-protobuf"}
                )
            except requests.ConnectionError:
                return
            if response.status_code == 200:
                acknowledged += [(service + 1, fields["span_id"]) for fields in spans]


def under_load(receiver, end):
    """Posts from several connections, and ends the receiver in the middle of that."""
    acknowledged, stop = [], threading.Event()
    threads = [
        threading.Thread(target=load, args=(receiver, service, acknowledged, stop)) for service in range(4)
    ]
    for thread in threads:
        thread.start()
    while len(acknowledged) < 2000:
        time.sleep(0.01)
    result = end()
    stop.set()
    for thread in threads:
        thread.join()
    assert len(acknowledged) == len(set(acknowledged)) >= 2000
    return acknowledged, result


def check_all_there(store, acknowledged, tmp_path):
    """What was acknowledged is in the merge, and nothing is damaged."""
    found = {(int.from_bytes(span.trace_id, "big"), span.span_id) for span in stores.read_spans(store)}
    assert found.issuperset(acknowledged)
    spanlog("verify", store)
    _, report = merged(tmp_path, store)
    assert report["accounting"]["spans_out"] >= len(acknowledged)


@pytest.mark.parametrize("attempt", range(5))
def test_what_was_acknowledged_survives_a_kill(tmp_path, receiver, attempt):
    acknowledged, _ = under_load(receiver, receiver.kill)
    check_all_there(receiver.store, acknowledged, tmp_path)
    # Another one goes on in the same store, and what the dead one left can be joined.
    with Receiver(receiver.store) as other:
        assert other.post(request(span(1, trace=99)).SerializeToString()).status_code == 200
        spanlog("compact", receiver.store)
        assert len(list(receiver.store.glob("*.spool"))) == 1
        assert len(list(receiver.store.glob("*.mdb"))) == 2
        check_all_there(receiver.store, [*acknowledged, (99, (1).to_bytes(8, "big"))], tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_end_answers_what_is_under_way(tmp_path, receiver, number):
    acknowledged, exit_status = under_load(receiver, lambda: receiver.stop(number))
    assert exit_status == 0
    assert "Stored " in receiver.output
    assert not list(receiver.store.glob("*.spool"))
    check_all_there(receiver.store, acknowledged, tmp_path)


def test_an_end_waits_for_a_request_that_is_arriving(receiver):
    body = request(span(1)).SerializeToString()
    with receiver.connect() as slow, receiver.connect():
        slow.sendall(raw_request(body)[:-10])
        # It has begun to read once it answers another one.
        assert receiver.post(request(span(2)).SerializeToString()).status_code == 200
        receiver.popen.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert receiver.popen.poll() is None
        slow.sendall(body[-10:])
        assert answer(slow)[0] == 200
    assert receiver.stop() == 0
    assert names(receiver.store) == ["span 1", "span 2"]


def test_a_full_disk_refuses_until_there_is_room_again(tmp_path):
    with disks.small(tmp_path / "disk", "8m") as disk, Receiver(disk / "store") as receiver:
        acknowledged = []

        def post(number):
            fields = span(number, attributes=[{"key": "x", "value": {"string_value": "ü" * 20_000}}])
            response = receiver.post(request(fields).SerializeToString())
            if response.status_code == 200:
                acknowledged.append((1, fields["span_id"]))
            return response

        assert post(1).status_code == 200
        filling = disks.fill(disk)
        refused = [post(number) for number in range(2, 40)][-1]
        assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0
        assert "Cannot write spans into" in status(refused.content).message
        filling.unlink()
        assert post(100).status_code == 200
        assert len(acknowledged) < 39
        check_all_there(receiver.store, acknowledged, tmp_path)
        assert receiver.stop() == 0
        assert receiver.output.count("Cannot write spans into") == 1
        assert "Spans are written again" in receiver.output
        check_all_there(receiver.store, acknowledged, tmp_path)


def test_retention_removes_what_is_finished_and_nothing_else(tmp_path):
    with Receiver(tmp_path / "store", "--store-bytes-max", "6M") as receiver:
        with Receiver(tmp_path / "store") as other:
            assert other.post(request(span(1, trace=2)).SerializeToString()).status_code == 200
            for number in range(1, 200):
                text = "".join(chr(0x4E00 + (number * 7919 + place * 104729) % 20_000) for place in range(30_000))
                fields = span(number, attributes=[{"key": "x", "value": {"string_value": text}}])
                assert receiver.post(request(fields).SerializeToString()).status_code == 200
            assert other.post(request(span(2, trace=2)).SerializeToString()).status_code == 200
        [store] = spanlog_json("info", receiver.store)
        assert store["removed"]["span_count"] > 0
        assert store["byte_count"] < 12 << 20
        assert {"span 1", "span 2", "span 199"} <= set(names(receiver.store))
        spanlog("verify", receiver.store)


# MARK: Where it listens


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "10.0.0.1:4318", "[2001:db8::1]:4318"])
def test_addresses_that_others_reach_are_refused(tmp_path, address):
    result = spanlog("receive", "--listen", address, "--store", tmp_path / "store", check=False)
    assert result.returncode == 64
    assert "--allow-remote" in result.stderr
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("address", ["example.org:4318", "127.0.0.1", "4318", "::1:4318", "127.0.0.1:70000"])
def test_what_is_no_address_is_refused(tmp_path, address):
    result = spanlog("receive", "--listen", address, "--store", tmp_path / "store", check=False)
    assert result.returncode == 64


@pytest.mark.parametrize(
    "options",
    [["--body-max", "8M", "--memory", "16M"], ["--requests-max", "0"], ["--rate-max", "x"], ["--store-hours-max", "-1"]],
)  # fmt: skip
def test_limits_that_make_no_sense_are_refused(tmp_path, options):
    result = spanlog("receive", "--listen", "127.0.0.1:0", "--store", tmp_path / "store", *options, check=False)
    assert result.returncode == 64
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("address", ["[::1]:0", "localhost:0", "127.0.0.5:0"])
def test_loopback_has_several_addresses(tmp_path, address):
    with Receiver(tmp_path / "store", listen=address) as receiver:
        assert receiver.post(request(span(1)).SerializeToString()).status_code == 200
        [store] = spanlog_json("info", receiver.store)
        assert store["recorders"][0]["boot_id"] != "0" * 32


def test_a_port_that_is_taken(tmp_path, receiver):
    address = f"127.0.0.1:{receiver.port}"
    result = spanlog("receive", "--listen", address, "--store", tmp_path / "other", check=False)
    assert result.returncode == 1
    assert f"Another program listens on {address}" in result.stderr
    assert not list((tmp_path / "other").glob("*.spool"))


def test_a_store_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    address = f"127.0.0.1:{free_port()}"
    result = spanlog("receive", "--listen", address, "--store", tmp_path / "file", check=False)
    assert result.returncode == 1 and "is not a directory" in result.stderr
