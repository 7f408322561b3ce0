"""The recorder as a guest in MLflow's SDK: everything else goes on as it did."""

import json

from call_trees import drawn, json_attribute, tree
from processes import spanlog_json
from python_mlflow import PRELUDE, said, values
from python_processes import run


def test_traces_that_nobody_ends_are_not_kept_for_ever(record_mlflow):
    spans = record_mlflow(
        """
        from mlflow.tracing.fluent import start_span_no_context
        from spanlog.mlflow import traces
        traces._TRACES_MAX = 10
        first = start_span_no_context("first", tags={"said": "first"})
        for _ in range(30):
            start_span_no_context("never ended")
        first.end()
        assert len(traces.Traces.shared()._traces) <= 10
        """
    )
    assert [s["end"] > 0 for s in spans if s["name"] == "first"] == [True]
    assert said(spans)["mlflow.traceTag.said"] == "first"
    assert sum(s["name"] == "never ended" and not s["end"] for s in spans) == 30


def test_tracing_can_be_switched_off_and_on_and_redirected(record_mlflow):
    spans = record_mlflow(
        """
        with mlflow.start_span("before"):
            pass
        mlflow.tracing.disable()
        with mlflow.start_span("hidden"):
            pass
        mlflow.tracing.enable()
        with mlflow.start_span("enabled"):
            pass
        mlflow.tracing.reset()
        with mlflow.start_span("reset"):
            pass
        with mlflow.tracing.context(enabled=False):
            with mlflow.start_span("hidden too"):
                pass
        """
    )
    assert [span["name"] for span in spans] == ["before", "enabled", "reset"]


def test_forked_workers_record_as_their_parent_does(record_mlflow):
    spans = record_mlflow(
        """
        import os
        with mlflow.start_span("parent"):
            for worker in range(3):
                if os.fork() == 0:
                    with join(REMOTE):
                        with mlflow.start_span(f"worker {worker}"):
                            mlflow.update_current_trace(tags={f"worker {worker}": "was here"})
                    recording.flush()
                    os._exit(0)
                os.wait()
        """
    )
    assert sorted(s["name"] for s in spans) == ["parent", "worker 0", "worker 1", "worker 2"]
    assert {f"mlflow.traceTag.worker {n}" for n in range(3)} <= said(spans).keys()


def test_a_ratio_samples_whole_traces(record_mlflow):
    spans = record_mlflow(
        """
        for number in range(200):
            with mlflow.start_span("root"):
                with mlflow.start_span("child"):
                    pass
        """,
        environment={"MLFLOW_TRACE_SAMPLING_RATIO": "0.5"},
    )
    names = [span["name"] for span in spans]
    assert names.count("root") == names.count("child")
    assert 60 < names.count("root") < 140


def test_spans_that_a_user_redacts_reach_no_file_unredacted(record_mlflow, tmp_path):
    spans = record_mlflow(
        """
        def redact(span):
            span.set_inputs("redacted")
        mlflow.tracing.configure(span_processors=[redact])
        with mlflow.start_span("s") as span:
            span.set_inputs("the secret")
            time.sleep(0.5)
            for path in recording.store, :
                import pathlib
                content = b"".join(p.read_bytes() for p in pathlib.Path(path).iterdir())
                assert b"the secret" not in content
        """
    )
    assert json_attribute(spans[0], "mlflow.spanInputs") == "redacted"


def test_an_open_root_and_its_inputs_survive_a_kill(tmp_path):
    program = """
import os
with mlflow.start_span("root", span_type="AGENT") as root:
    root.set_inputs({"goal": "a bridge"})
    with mlflow.start_span("child"):
        mlflow.update_current_trace(tags={"team": "bridges"})
    time.sleep(0.6)
    os.kill(os.getpid(), 9)
"""
    run(PRELUDE + program, tmp_path / "store", check=False)
    report = spanlog_json("merge", tmp_path / "store", "-o", tmp_path / "archive")
    assert report["traces"]["unfinished"] == report["traces"]["total"] == 1
    [trace] = spanlog_json("show", tmp_path / "archive")
    spans = spanlog_json("show", tmp_path / "archive", trace["trace_id"])["spans"]
    root, child = sorted(spans, key=lambda span: span["start_time_unix_nano"])
    assert (root["name"], root["end_time_unix_nano"]) == ("root", 0)
    assert root["attributes"]["mlflow.spanType"] == "AGENT"
    assert json.loads(root["attributes"]["mlflow.spanInputs"]) == {"goal": "a bridge"}
    assert child["attributes"]["mlflow.traceTag.team"] == "bridges"


def test_spans_of_opentelemetry_join_mlflows_with_their_own_values(record_mlflow):
    spans = record_mlflow(
        """
        import os
        os.environ["MLFLOW_TRACE_PROPAGATE_TO_OTEL_CONTEXT"] = "true"
        from mlflow.tracing.provider import get_bridged_tracer_provider
        tracer = get_bridged_tracer_provider().get_tracer("library", "2.0")
        with mlflow.start_span("mlflow"):
            with tracer.start_as_current_span("library", attributes={"text": "42", "n": 42}):
                pass
        """
    )
    assert tree(spans) == drawn(
        """
        py: mlflow
          py: library
        """
    )
    found = values(next(span for span in spans if span["name"] == "library"))
    assert (found["text"], found["n"]) == ("42", 42)
    assert (found["otel.scope.name"], found["otel.scope.version"]) == ("library", "2.0")
    assert "mlflow.spanType" not in found


def test_stopping_gives_tracing_back(record_mlflow):
    record_mlflow(
        """
        with mlflow.start_span("recorded"):
            pass
        from mlflow.tracing.client import TracingClient
        from mlflow.tracing import provider
        recording.stop()
        assert TracingClient.__init__.__module__ == "mlflow.tracing.client"
        assert provider._get_span_processors.__module__ == "mlflow.tracing.provider"
        """
    )
