"""A receiver survives whatever is sent to it: each kind of bad request is answered or cut off, nothing of
it is stored, and good ones are taken beside it and afterwards."""

import gzip
import re
import socket
import struct
import threading
import time
import zlib

import pytest
import requests
import stores
from otlp import JSON, Receiver, answer, gzipped, partial_success, raw_request, request, span, status
from processes import spanlog

GOOD = request(span(1)).SerializeToString()


def varint(number):
    result = b""
    while number >= 0x80:
        result += bytes([number & 0x7F | 0x80])
        number >>= 7
    return result + bytes([number])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def nested(depth):
    """A span whose attribute is a list in a list in a list…"""
    value = b"\x18\x01"
    for _ in range(depth):
        value = field(5, field(1, value))
    attribute = field(9, field(1, b"deep") + field(2, value))
    fields = request(span(3)).resource_spans[0].scope_spans[0].spans[0].SerializeToString()
    return field(1, field(2, field(2, fields + attribute)))


@pytest.fixture(scope="module")
def receiver(tmp_path_factory):
    """One receiver for all that is bad: it has to go on after each."""
    store = tmp_path_factory.mktemp("receive") / "store"
    options = ["--body-max", "8M", "--memory", "32M"]
    with Receiver(store, *options) as receiver:
        yield receiver
        assert receiver.stop() == 0
        spanlog("verify", store)


@pytest.fixture(autouse=True)
def is_as_before(receiver):
    """After each test a good request is taken, and none but good ones have left anything."""
    yield
    assert receiver.post(request(span(2)).SerializeToString()).status_code == 200
    assert {span.name for span in stores.read_spans(receiver.store)} == {"span 2"}


# Each as (status, body, headers).
MALFORMED = {
    "no protobuf": (400, b"\xff" * 100, {}),
    "a text": (400, b"hello, world", {}),
    "a length beyond the end": (400, b"\x0a\x7fabc", {}),
    "a length of 2^63": (400, b"\x0a" + b"\xff" * 8 + b"\x7f", {}),
    "a number of eleven bytes": (400, b"\x08" + b"\xff" * 11, {}),
    "a field 0": (400, b"\x02\x00", {}),
    "a group": (400, b"\x0b\x0c", {}),
    "the wrong type of resource spans": (400, b"\x08\x01", {}),
    "cut off within a span": (400, GOOD[:-5], {}),
    "a broken scope": (400, field(1, field(2, b"\x0a\x7f")), {}),
    "no gzip": (400, GOOD, {"Content-Encoding": "gzip"}),
    "an empty body as gzip": (400, b"", {"Content-Encoding": "gzip"}),
    "gzip that is cut off": (400, gzipped(GOOD)[:-9], {"Content-Encoding": "gzip"}),
    "gzip with a wrong checksum": (400, gzipped(GOOD)[:-8] + bytes(8), {"Content-Encoding": "gzip"}),
    "gzip with something behind it": (400, gzipped(GOOD) + b"rest", {"Content-Encoding": "gzip"}),
    "zlib instead of gzip": (400, zlib.compress(GOOD), {"Content-Encoding": "gzip"}),
    "deflate": (415, zlib.compress(GOOD), {"Content-Encoding": "deflate"}),
    "zstd": (415, GOOD, {"Content-Encoding": "zstd"}),
    "two encodings": (415, GOOD, {"Content-Encoding": "gzip, gzip"}),
    "no content type": (415, GOOD, {"Content-Type": None}),
    "a text's content type": (415, GOOD, {"Content-Type": "text/plain"}),
    "a form": (415, GOOD, {"Content-Type": "application/x-www-form-urlencoded"}),
    "gRPC": (415, GOOD, {"Content-Type": "application/grpc"}),
    "a web page": (403, GOOD, {"Origin": "https://example.org"}),
    "a web page by another header": (403, GOOD, {"Sec-Fetch-Site": "cross-site"}),
    "no JSON": (400, b"{", JSON),
    "an array instead of an object": (400, b"[]", JSON),
    "a number instead of spans": (400, b'{"resourceSpans": 1}', JSON),
    "JSON that is very deep": (400, b'{"resourceSpans":' + b"[" * 100_000, JSON),
    "bytes that are no UTF-8": (400, b'{"resourceSpans": "\xff"}', JSON),
    "a bomb": (413, gzip.compress(bytes(64 << 20)), {"Content-Encoding": "gzip"}),
    "a bomb within the limit": (413, gzip.compress(bytes(7 << 20)), {"Content-Encoding": "gzip"}),
    "a bomb of many members": (413, gzip.compress(bytes(1 << 20)) * 64, {"Content-Encoding": "gzip"}),
    "too large": (413, bytes(9 << 20), {}),
    "very large": (413, bytes(100 << 20), {}),
    "as large as may be": (400, bytes(8 << 20), {}),
    "more spans than may be": (400, field(1, field(2, field(2, b"") * 300_000)), {}),
    "more resources than may be": (400, GOOD * 5_000, {}),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed(receiver, case):
    code, body, headers = MALFORMED[case]
    headers = {"Content-Type": "application/x-protobuf", **headers}
    response = requests.post(receiver.traces_url, body, headers=headers, timeout=60)
    assert response.status_code == code, response.content
    if response.headers["Content-Type"] == "application/json":
        assert response.json()["code"] and response.json()["message"]
    else:
        assert status(response.content).code and status(response.content).message
    assert "Retry-After" not in response.headers


@pytest.mark.parametrize("depth", [30, 48, 99, 10_000])
def test_values_that_nest_deeply(receiver, depth):
    """Deeper than readers of Protocol Buffers follow: they would refuse all that is beside it, too."""
    response = receiver.post(nested(depth))
    assert response.status_code == 200
    assert partial_success(response)[0] == 1


def test_texts_that_are_no_utf_8(receiver):
    """Repaired: Python, for one, reads no message with such a text."""
    body = request(span(2, trace=3, attributes=[{"key": "text", "value": {"string_value": "MARK"}}]))
    damaged = body.SerializeToString().replace(b"MARK", b"M\xffRK")
    assert receiver.post(damaged).status_code == 200
    [stored] = [span for span in stores.read_spans(receiver.store) if span.trace_id[-1] == 3]
    assert stored.attributes[0].value.string_value == "M\ufffdRK"


@pytest.mark.parametrize(
    "method, path, code",
    [("GET", "/v1/traces", 405), ("OPTIONS", "/v1/traces", 405), ("PUT", "/v1/traces", 405), ("POST", "/", 404),
     ("POST", "/v1/traces/", 404), ("POST", "/v1/metrics", 404), ("POST", "/v1/logs", 404),
     ("POST", "/v1//traces", 404), ("HEAD", "/", 404), ("GET", "/" + "x" * 10_000, 404)],
)  # fmt: skip
def test_other_methods_and_paths(receiver, method, path, code):
    response = requests.request(method, receiver.url + path, data=GOOD if method == "POST" else None)
    assert response.status_code == code
    assert "Access-Control-Allow-Origin" not in response.headers
    if path in ("/v1/metrics", "/v1/logs"):
        assert "traces alone" in response.json()["message"]


# What is sent over a connection of its own, which is then closed for writing: an answer or none.
RAW = {
    "nothing": (None, b""),
    "no HTTP": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100) + b"\r\n\r\n"),
    "HTTP/2": (None, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(50)),
    "half a head": (None, b"POST /v1/traces HTTP/1.1\r\nContent-"),
    "a body that is cut off": (None, raw_request(GOOD)[:-20]),
    "a body that is cut off at a field": (None, raw_request(GOOD, length=2 * len(GOOD))),
    "a chunk that is cut off": (
        None, raw_request(b"", "Transfer-Encoding: chunked", length="none") + b"%x\r\n" % (len(GOOD) + 9) + GOOD),
    "chunks without an end": (
        None, raw_request(b"", "Transfer-Encoding: chunked", length="none") + b"%x\r\n" % len(GOOD) + GOOD + b"\r\n"),
    "a chunk of no size": (400, raw_request(b"", "Transfer-Encoding: chunked", length="none") + b"xyz\r\n"),
    "two lengths": (400, raw_request(GOOD, "Content-Length: 3")),
    "a length and chunks": (400, raw_request(GOOD, "Transfer-Encoding: chunked")),
    "a negative length": (400, raw_request(GOOD, length=-1)),
    "a length that is no number": (400, raw_request(GOOD, length="0x10")),
    "a long header": (400, raw_request(GOOD, "X-Long: " + "x" * 100_000)),
    "many headers": (400, raw_request(GOOD, *[f"X-{number}: {number}" for number in range(1000)])),
    "a header with a zero": (400, raw_request(GOOD, "X-Zero: a\0b")),
}  # fmt: skip


@pytest.mark.parametrize("case", RAW)
def test_raw(receiver, case):
    code, content = RAW[case]
    with receiver.connect() as connection:
        try:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            result, _ = answer(connection)
        except ConnectionError:
            result = None
        # Who sends half of something may be told so, or not.
        assert result in (code, None, 400), result


@pytest.mark.parametrize("count", [1, 100, len(raw_request(GOOD)) - 1])
def test_connections_that_are_reset(receiver, count):
    """A peer that vanishes in the middle, with what it sent still on the way."""
    for _ in range(50):
        connection = receiver.connect()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(raw_request(GOOD)[:count])
        connection.close()


def test_one_slow_sender_holds_nobody_up(receiver):
    with receiver.connect() as slow:
        content = raw_request(request(span(2, trace=5)).SerializeToString())
        slow.sendall(content[:100])
        for byte in content[100:]:
            slow.sendall(bytes([byte]))
        begin = time.monotonic()
        response = receiver.post(b"")
        assert response.status_code == 200 and time.monotonic() - begin < 10
        assert answer(slow)[0] == 200


# MARK: Limits, each with a receiver of its own


def test_memory_is_bounded_whatever_many_send_at_once(tmp_path):
    """Eighty bodies of 7 MiB, with room for 256 MiB: what does not fit is told to come again."""
    responses = []

    def post():
        body = field(1, field(2, field(2, bytes(7 << 20))))
        headers = {"Content-Type": "application/x-protobuf"}
        responses.append(requests.post(own.traces_url, body, headers=headers))

    with Receiver(tmp_path / "own", "--rate-max", "4G") as own:
        threads = [threading.Thread(target=post) for _ in range(80)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {response.status_code for response in responses} <= {200, 400, 503}
        for response in responses:
            assert (response.status_code == 503) == ("Retry-After" in response.headers)
        assert own.peak_kilobytes() < 400 << 10



def test_more_requests_than_may_be_come_again_later(tmp_path):
    with Receiver(tmp_path / "own", "--requests-max", "2") as own:
        waiting = [own.connect() for _ in range(2)]
        for connection in waiting:
            connection.sendall(raw_request(GOOD)[:-5])
        deadline = time.monotonic() + 30
        while (response := own.post(GOOD)).status_code == 200 and time.monotonic() < deadline:
            pass
        assert response.status_code == 503 and response.headers["Retry-After"] == "1"
        for connection in waiting:
            connection.sendall(GOOD[-5:])
            assert answer(connection)[0] == 200
            connection.close()
        assert own.post(GOOD).status_code == 200


def test_more_connections_than_may_be_wait(tmp_path):
    with Receiver(tmp_path / "own", "--connections-max", "4") as own:
        idle = [own.connect() for _ in range(4)]
        for connection in idle:
            connection.sendall(raw_request(GOOD))
            assert answer(connection)[0] == 200
        with own.connect() as fifth:
            fifth.sendall(raw_request(GOOD))
            fifth.settimeout(1)
            with pytest.raises(TimeoutError):
                fifth.recv(1)
            idle[0].close()
            fifth.settimeout(60)
            assert answer(fifth)[0] == 200
        for connection in idle:
            connection.close()


def test_more_bytes_in_a_second_than_may_be_come_again_later(tmp_path):
    with Receiver(tmp_path / "own", "--rate-max", "100k") as own:
        body = request(span(1, attributes=[{"key": "x", "value": {"string_value": "x" * 60_000}}]))
        responses = [own.post(body.SerializeToString()) for _ in range(5)]
        assert responses[0].status_code == 200
        refused = [response for response in responses if response.status_code != 200]
        assert refused and {response.status_code for response in refused} == {429}
        assert all(int(response.headers["Retry-After"]) >= 1 for response in refused)
        time.sleep(int(refused[-1].headers["Retry-After"]))
        assert own.post(body.SerializeToString()).status_code == 200


def test_a_request_that_drips_is_cut_off(tmp_path):
    with Receiver(tmp_path / "own", "--request-seconds-max", "1") as own, own.connect() as slow:
        content = raw_request(GOOD, length=1000)
        begin = time.monotonic()
        with pytest.raises(ConnectionError):
            for number in range(1000):
                slow.sendall(content[number : number + 1] or b"x")
                time.sleep(0.05 if number >= len(content) else 0)
        assert 0.9 < time.monotonic() - begin < 20
        assert own.post(request(span(2)).SerializeToString()).status_code == 200
        assert len(stores.read_spans(own.store)) == 1


def test_a_client_that_waits_for_continue(receiver):
    body = request(span(2, trace=6)).SerializeToString()
    with receiver.connect() as connection:
        head = raw_request(body, "Expect: 100-continue")[: -len(body)]
        connection.sendall(head)
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert answer(connection)[0] == 200


def test_pipelined_requests_are_answered_in_their_order(receiver):
    with receiver.connect() as connection:
        connection.sendall(
            raw_request(b"\xff") + raw_request(b"") + raw_request(b"", path="/") + raw_request(b"")
        )
        connection.shutdown(socket.SHUT_WR)
        answers = b"".join(iter(lambda: connection.recv(4096), b""))
        assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"400", b"200", b"404", b"200"]
