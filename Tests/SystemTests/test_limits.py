"""What is larger or more than usual: huge spans, more open spans than the table holds."""

import stores
from processes import Writer, spanlog, spanlog_json
from streams import PARENT, TRACE, Stream

START = 1_790_000_000_000_000_000
BYTES = 64 << 20


def test_a_span_of_64_mebibytes_is_kept_whole_by_a_process_that_is_killed(tmp_path):
    huge = {"repeated": ["ü", str(BYTES // 2)]}
    with Writer(tmp_path) as writer:
        writer.record({"name": "small", "start": START, "end": START + 1})
        writer.flush()
        writer.record({"name": "huge", "start": START, "end": START + 1, "attributes": {"huge": huge}})
        writer.record({"name": "after", "start": START, "end": START + 1})
        # Nobody waited until it was in a segment.
        writer.kill()
    spanlog("verify", tmp_path)
    [report] = spanlog_json("info", tmp_path)
    assert report["recorders"][0]["span_count"] == 3
    assert report["byte_count"] > BYTES


def test_a_span_of_64_mebibytes_is_kept_whole_in_a_segment(tmp_path):
    huge = {"repeated": ["ü", str(BYTES // 2)]}
    with Writer(tmp_path) as writer:
        writer.record({"name": "huge", "start": START, "end": START + 1, "attributes": {"huge": huge}})
        writer.flush()
        writer.shutdown()
    [span] = stores.read_spans(tmp_path)
    [attribute] = span.attributes
    assert attribute.value.string_value == "ü" * (BYTES // 2)
    assert not list(tmp_path.glob("*.block"))


def test_of_10_000_open_spans_those_in_the_table_are_there_and_the_others_counted(tmp_path, reader):
    store, archive, table = tmp_path / "store", tmp_path / "archive", 8192
    with Stream(store, "", openEvery=1, count=10_000) as process:
        process.wait_for(lambda lines: len(lines) >= 10_001)
        process.kill()
    contents = reader.read(store)
    assert sorted(contents.open, key=int) == [str(number) for number in range(table)]
    assert contents.ended == contents.damages == []
    [report] = spanlog_json("info", store)
    [recorder] = report["recorders"]
    assert recorder["open_span_count"] == table
    assert recorder["drops"]["open_table_full"] == 10_000 - table
    text = spanlog("info", store).stdout
    assert f"{table} spans still open" in text
    assert f"{10_000 - table} spans found no room in the table of open spans" in text
    spanlog("merge", store, "-o", archive)
    spans = spanlog_json("show", archive, TRACE)["spans"]
    assert len(spans) == table
    assert all(PARENT["traceparent"].split("-")[2] == span["parent_span_id"] for span in spans)
