"""What MLflow's SDK loses, as measured against a server: none of it is lost when it is recorded."""

import json
import time

from processes import free_port, spanlog, spanlog_json
from python_mlflow import said, values


def test_spans_as_fast_as_a_program_makes_them_are_all_there(record_mlflow):
    spans = record_mlflow(
        """
        for trace in range(150):
            with mlflow.start_span(f"root {trace}"):
                for _ in range(19):
                    with mlflow.start_span("child") as span:
                        span.set_inputs({"trace": trace})
        """
    )
    # With a server and MLflow's defaults, 21 % are.
    assert len(spans) == 3_000
    roots = {span["span_id"]: span["name"] for span in spans if not span["parent_span_id"]}
    assert len(roots) == 150
    for span in spans:
        if span["parent_span_id"]:
            number = json.loads(values(span)["mlflow.spanInputs"])["trace"]
            assert roots[span["parent_span_id"]] == f"root {number}"


def test_a_kill_behind_a_burst_loses_no_trace_that_had_ended(record_mlflow, tmp_path):
    store = record_mlflow.kill(
        """
        import os
        for trace in range(200):
            with mlflow.start_span(f"root {trace}") as root:
                mlflow.update_current_trace(tags={"number": str(trace)})
                for _ in range(4):
                    with mlflow.start_span("child"):
                        pass
        os.kill(os.getpid(), 9)
        """
    )
    report = spanlog_json("merge", store, "-o", tmp_path / "archive")
    # With a server, 18 % survive a kill with a backlog.
    assert report["traces"]["total"] == report["traces"]["whole"] == 200
    assert report["accounting"]["spans_out"] == 1_000
    shown = spanlog_json("show", tmp_path / "archive", "--limit", "1000")
    assert {trace["name"] for trace in shown} == {f"root {number}" for number in range(200)}


def test_a_server_that_nobody_reaches_neither_delays_nor_loses_anything(record_mlflow):
    # With MLflow's SDK each root waits for the server's answer here, for minutes, and is lost.
    environment = {
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{free_port()}",
        "MLFLOW_EXPERIMENT_ID": "7",
        "MLFLOW_EXPERIMENT_NAME": "none",
    }
    start = time.monotonic()
    spans = record_mlflow(
        """
        for number in range(50):
            with mlflow.start_span(f"root {number}") as span:
                mlflow.log_feedback(trace_id=span.trace_id, name="good", value=True)
                with mlflow.start_span("child"):
                    pass
        mlflow.flush_trace_async_logging()
        """,
        environment=environment,
    )
    assert time.monotonic() - start < 30
    assert sum(span["name"].startswith("root") for span in spans) == 50
    assert len(spans) == 100 and all(span["status"] == "OK" for span in spans)


def test_more_traces_in_progress_than_mlflow_remembers_keep_what_is_said_of_them(record_mlflow):
    spans = record_mlflow(
        """
        from mlflow.tracing.fluent import start_span_no_context
        roots = [start_span_no_context(f"root {number}") for number in range(1_200)]
        for number, root in enumerate(roots):
            mlflow.set_trace_tag(root.trace_id, "number", str(number))
            start_span_no_context("child", parent_span=root).end()
            root.end()
        """,
        environment={"MLFLOW_TRACE_BUFFER_MAX_SIZE": "1000", "MLFLOW_TRACE_BUFFER_TTL_SECONDS": "1"},
    )
    by_trace = {}
    for span in spans:
        by_trace.setdefault(span["trace_id"], []).append(span)
    assert len(spans) == 2_400 and len(by_trace) == 1_200
    for trace in by_trace.values():
        [root] = [span for span in trace if not span["parent_span_id"]]
        assert said(trace)["mlflow.traceTag.number"] == root["name"].removeprefix("root ")


def test_a_program_that_is_told_to_end_keeps_what_it_had(record_mlflow, tmp_path):
    store = record_mlflow.kill(
        """
        import os, signal
        with mlflow.start_span("ended"):
            pass
        with mlflow.start_span("open"):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
        """
    )
    report = spanlog_json("merge", store, "-o", tmp_path / "archive")
    assert (report["accounting"]["spans_out"], report["traces"]["unfinished"]) == (2, 1)
    spanlog("verify", store)
