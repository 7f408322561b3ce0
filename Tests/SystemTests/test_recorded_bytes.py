"""What was recorded is what a reader in another language finds, byte for byte."""

import re
import struct
import subprocess
import sys

import pytest

import stores
from processes import ROOT, Writer

SECOND = 1_000_000_000
START = 1_790_000_000 * SECOND

# What the writer is told, and what OTLP must hold: the type there, and the value.
VALUES = {
    "int32 least": ({"int32": [str(-(2**31))]}, ("int", -(2**31))),
    "int64 least": ({"int64": [str(-(2**63))]}, ("int", -(2**63))),
    "int64 greatest": ({"int64": [str(2**63 - 1)]}, ("int", 2**63 - 1)),
    "int64 zero": ({"int64": ["0"]}, ("int", 0)),
    "double": ({"double": ["0.1"]}, ("double", 0.1)),
    "double zero": ({"double": ["0"]}, ("double", 0.0)),
    "double negative zero": ({"double": ["-0.0"]}, ("double", -0.0)),
    "double least": ({"double": ["5e-324"]}, ("double", 5e-324)),
    "double greatest": ({"double": ["1.7976931348623157e308"]}, ("double", 1.7976931348623157e308)),
    "double infinite": ({"double": ["-inf"]}, ("double", float("-inf"))),
    "double NaN": ({"double": ["nan"]}, ("double", float("nan"))),
    "bool true": ({"bool": ["true"]}, ("bool", True)),
    "bool false": ({"bool": ["false"]}, ("bool", False)),
    "string": ({"string": ["plain"]}, ("string", "plain")),
    "string empty": ({"string": [""]}, ("string", "")),
    "string of other scripts": ({"string": ["Grüße, 世界 🛰️ \u202eabc"]},
                                ("string", "Grüße, 世界 🛰️ \u202eabc")),
    "string with a zero": ({"string": ["a\0b\r\n"]}, ("string", "a\0b\r\n")),
    "string that looks like JSON": ({"string": ['{"a": 1}']}, ("string", '{"a": 1}')),
    "convertible": ({"convertible": ["described"]}, ("string", "described")),
    "int32 array": ({"int32Array": ["1", "-1"]}, ("array", [("int", 1), ("int", -1)])),
    "int64 array": ({"int64Array": [str(2**63 - 1)]}, ("array", [("int", 2**63 - 1)])),
    "double array": ({"doubleArray": ["1.5", "nan"]},
                     ("array", [("double", 1.5), ("double", float("nan"))])),
    "bool array": ({"boolArray": ["true", "false"]}, ("array", [("bool", True), ("bool", False)])),
    "string array": ({"stringArray": ["", "ü"]}, ("array", [("string", ""), ("string", "ü")])),
    "convertible array": ({"convertibleArray": ["x"]}, ("array", [("string", "x")])),
    "array empty": ({"stringArray": []}, ("array", [])),
    "": ({"string": ["under an empty key"]}, ("string", "under an empty key")),
}  # fmt: skip
TOLD = {key: told for key, (told, _) in VALUES.items()}
EXPECTED = {key: expected for key, (_, expected) in VALUES.items()}


def span(**members):
    return {"name": "work", "start": START, "end": START + SECOND, **members}


def plain(value):
    """An OTLP AnyValue as (type, value)."""
    kind = value.WhichOneof("value").removesuffix("_value")
    content = getattr(value, f"{kind}_value")
    return (kind, [plain(item) for item in content.values] if kind == "array" else content)


def attributes(message):
    values = {item.key: plain(item.value) for item in message.attributes}
    assert len(values) == len(message.attributes), "a key occurs twice"
    return values


def bits(value):
    """The value with each double as its bits, so that NaN and both zeros compare."""
    if isinstance(value, float):
        return struct.pack("<d", value) if value == value else "NaN"
    if isinstance(value, (tuple, list)):
        return [bits(item) for item in value]
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    return value


@pytest.fixture
def record(tmp_path):
    """Records spans in a new store and returns what Python reads there, and the ids."""

    def record(*spans):
        with Writer(tmp_path / "store") as writer:
            ids = writer.record(*spans)
            writer.shutdown()
        return stores.read_spans(tmp_path / "store"), ids

    return record


@pytest.mark.parametrize("where", ["span", "event", "link"])
def test_attributes_of_every_type_keep_type_and_value(record, where):
    parent = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
    described = {
        "span": {"attributes": TOLD},
        "event": {"events": [{"name": "e", "time": START, "attributes": TOLD}]},
        "link": {"links": [{"headers": parent, "attributes": TOLD}]},
    }[where]
    [found], _ = record(span(**described))
    message = {"span": [found], "event": found.events, "link": found.links}[where][0]
    assert bits(attributes(message)) == bits(EXPECTED)


def test_ids_parents_kinds_and_times_are_those_of_the_recorder(record):
    kinds = ["internal", "server", "client", "producer", "consumer"]
    described = [span(name="root", key="root", kind="server")] + [
        span(name=kind, kind=kind, parent="root", start=START + i, end=START + 10 * i)
        for i, kind in enumerate(kinds)
    ]
    found, ids = record(*described)
    root, *children = found
    assert [(s.trace_id.hex(), s.span_id.hex()) for s in found] == ids
    assert len({s.span_id for s in found}) == len(found)
    assert {s.trace_id for s in found} == {root.trace_id}
    assert root.parent_span_id == b"" and {s.parent_span_id for s in children} == {root.span_id}
    assert [(s.name, s.kind) for s in children] == [(k, i + 1) for i, k in enumerate(kinds)]
    assert [(s.start_time_unix_nano, s.end_time_unix_nano) for s in children] == [
        (START + i, START + 10 * i) for i in range(len(kinds))
    ]


def test_a_span_of_a_remote_parent_keeps_flags_and_trace_state(record):
    headers = {"TraceParent": f"00-{'ab' * 16}-{'cd' * 8}-03", "tracestate": "x=1,y=2"}
    [found], _ = record(span(headers=headers))
    assert found.trace_id.hex() == "ab" * 16
    assert found.parent_span_id.hex() == "cd" * 8
    assert found.flags == 0x303  # W3C's flags, and that the parent is known to be remote
    assert found.trace_state == "x=1,y=2"


@pytest.mark.parametrize("name", ["", "Grüße, 世界 🛰️", "a\0b", "n" * 1_000_000])
def test_names_of_any_length_and_script_are_kept(record, name):
    event = {"name": name, "time": START}
    [found], _ = record(span(name="before", renamed=name, events=[event]))
    assert found.name == name
    assert found.events[0].name == name


@pytest.mark.parametrize("start, end", [(1, 1), (START, 2**63 - 1), (2**63 - 2, 2**63 - 1)])
def test_times_at_the_edges_are_kept(record, start, end):
    [found], _ = record(span(start=start, end=end))
    assert (found.start_time_unix_nano, found.end_time_unix_nano) == (start, end)


@pytest.mark.parametrize(
    "told, code, message",
    [
        (None, 0, ""),
        ({"code": "ok"}, 1, ""),
        ({"code": "error"}, 2, ""),
        ({"code": "error", "message": "größer als 世界"}, 2, "größer als 世界"),
    ],
)
def test_statuses_are_kept(record, told, code, message):
    [found], _ = record(span(status=told))
    assert (found.status.code, found.status.message) == (code, message)


def test_mlflow_members_are_attributes(record):
    [found], _ = record(span(type="RETRIEVER", inputs="Frage „ü“", outputs="42"))
    assert attributes(found) == {
        "mlflow.spanType": ("string", "RETRIEVER"),
        "mlflow.spanInputs": ("string", '"Frage „ü“"'),
        "mlflow.spanOutputs": ("string", '"42"'),
    }


def test_values_of_16_mebibytes_are_kept_whole(record):
    count = 16 << 20
    huge = {"repeated": ["ü", str(count // 2)]}
    described = [span(name=str(i), attributes={"huge": huge, "small": TOLD["bool true"]})
                 for i in range(3)]  # fmt: skip
    found, _ = record(span(name="before"), *described, span(name="after"))
    assert [s.name for s in found] == ["before", "0", "1", "2", "after"]
    for s in found[1:4]:
        assert attributes(s)["huge"] == ("string", "ü" * (count // 2))
        assert attributes(s)["small"] == ("bool", True)


def test_thousands_of_attributes_events_and_links_are_kept(record):
    count = 5_000
    told = {f"key {i}": {"int64": [str(i)]} for i in range(count)}
    events = [{"name": f"event {i}", "time": START + i} for i in range(count)]
    links = [
        {"headers": {"traceparent": f"00-{i + 1:032x}-{i + 1:016x}-00"}} for i in range(count)
    ]
    [found], _ = record(span(attributes=told, events=events, links=links))
    assert attributes(found) == {f"key {i}": ("int", i) for i in range(count)}
    assert [(e.name, e.time_unix_nano) for e in found.events] == [
        (f"event {i}", START + i) for i in range(count)
    ]
    assert [(int(l.trace_id.hex(), 16), int(l.span_id.hex(), 16)) for l in found.links] == [
        (i + 1, i + 1) for i in range(count)
    ]
    assert found.dropped_attributes_count == 0
    assert found.dropped_events_count == 0
    assert found.dropped_links_count == 0


def test_blocks_are_what_their_headers_say(tmp_path):
    with Writer(tmp_path, service="Wörter") as writer:
        for i in range(20):
            writer.record(*[span(name=f"{i}.{j}", start=START + i, end=START + i + j)
                            for j in range(50 * i + 1)])  # fmt: skip
            writer.flush()
        writer.shutdown()
    blocks = stores.read_store(tmp_path)
    assert [block.sequence for block in blocks] == list(range(len(blocks)))
    assert len({block.recorder for block in blocks}) == 1
    assert sum(block.span_count for block in blocks) == 9520
    assert {block.codec for block in blocks} == {0, 1}
    for block in blocks:
        assert (block.byte_count + 16) % 4096 == 0
        assert block.key == block.sequence.to_bytes(8, "big")
        assert block.file.name == f"{block.recorder}-0.mdb"
        assert block.checksum == block.actual_checksum
        assert block.version == 1
        if block.codec:
            assert block.stored_bytes < block.payload_bytes
        else:
            assert block.stored_bytes == block.payload_bytes
        assert block.span_count == len(block.spans) > 0
        assert block.earliest == min(s.start_time_unix_nano for s in block.spans)
        assert block.latest == max(s.end_time_unix_nano for s in block.spans)
        assert block.drops == (0, 0, 0, 0)
        [resource] = block.data.resource_spans
        assert attributes(resource.resource)["service.name"] == ("string", "Wörter")


def test_the_program_in_the_documentation_reads_a_store(tmp_path):
    with Writer(tmp_path / "store") as writer:
        writer.record(span(name="first"), span(name="second"))
        writer.flush()
        writer.record(*[span(name=f"compressed {i}") for i in range(1000)])
        writer.shutdown()
    assert {block.codec for block in stores.read_store(tmp_path / "store")} == {0, 1}
    article = ROOT / "Sources/SpanLog/Documentation.docc/FileFormat.md"
    [program] = re.findall(r"```python\n(.*?)```", article.read_text(), re.DOTALL)
    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert 'name: "first"' in printed and 'name: "second"' in printed
    assert printed.count('name: "compressed ') == 1000


def test_a_store_says_which_format_it_has(tmp_path):
    with Writer(tmp_path / "store") as writer:
        writer.record(span())
        writer.shutdown()
    assert (tmp_path / "store/spanlog-store").read_bytes() == b"spanlog-store 1\n"
    assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "store").iterdir()} == {0o600}
