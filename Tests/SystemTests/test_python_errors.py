"""What is wrong with a store is named when Python opens it."""

import pytest
from opentelemetry.sdk.trace import TracerProvider

import stores
from spanlog import SpanLogError, SpanLogProcessor


def test_a_place_that_is_no_store_is_refused_by_name(tmp_path, monkeypatch):
    monkeypatch.delenv("SPANLOG_DIR", raising=False)
    with pytest.raises(SpanLogError, match="SPANLOG_DIR") as caught:
        SpanLogProcessor()
    assert caught.value.code == SpanLogError.NO_STORE
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(SpanLogError, match="not a directory") as caught:
            SpanLogProcessor(path)
        assert caught.value.code == SpanLogError.NOT_A_DIRECTORY
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "spanlog-store").write_text("spanlog-store 2\n")
    with pytest.raises(SpanLogError, match="format 2"):
        SpanLogProcessor(newer)
    (newer / "spanlog-store").write_text("something")
    with pytest.raises(SpanLogError, match="damaged"):
        SpanLogProcessor(newer)


def test_the_environment_names_the_store(tmp_path, monkeypatch):
    monkeypatch.setenv("SPANLOG_DIR", str(tmp_path / "named"))
    provider = TracerProvider()
    provider.add_span_processor(SpanLogProcessor())
    provider.get_tracer("t").start_span("s").end()
    provider.shutdown()
    assert [s.name for s in stores.read_spans(tmp_path / "named")] == ["s"]


def test_a_store_that_cannot_be_made_costs_spans_and_never_raises(tmp_path, caplog):
    provider = TracerProvider()
    processor = SpanLogProcessor(tmp_path / "store")
    provider.add_span_processor(processor)
    (tmp_path / "store/spanlog-store").unlink()
    (tmp_path / "store").rmdir()
    (tmp_path / "store").write_text("in the way")
    for _ in range(3):
        provider.get_tracer("t").start_span("s").end()
    errors = [r.getMessage() for r in caplog.records if r.name == "spanlog"]
    assert len(errors) == 1 and "Spans are lost" in errors[0]
