"""Traces that a Python service joins through MLflow's calls, recorded without a server: nothing is
lost."""

import pytest

from call_trees import drawn, tree
from python_mlflow import said


def test_every_span_of_a_joined_trace_is_kept(record_mlflow):
    spans = record_mlflow(
        """
        for request in range(20):
            with join(REMOTE):
                with mlflow.start_span(f"handler {request}"):
                    for step in range(2):
                        with mlflow.start_span("step"):
                            pass
        """
    )
    # With MLflow's defaults and a server, 1 to 4 in 60 are.
    assert len(spans) == 60
    assert {span["trace_id"] for span in spans} == {"ab" * 16}
    handlers = [span for span in spans if span["name"] != "step"]
    assert {span["parent_span_id"] for span in handlers} == {"cd" * 8}


def test_updates_of_a_joined_trace_are_kept(record_mlflow):
    spans = record_mlflow(
        """
        with mlflow.tracing.context(session_id="s", tags={"scope": "yes"}):
            with join(REMOTE):
                with mlflow.start_span("handler") as span:
                    mlflow.update_current_trace(tags={"host": "b"}, user="ada")
                    mlflow.log_feedback(trace_id=span.trace_id, name="good", value=True)
                mlflow.set_trace_tag(span.trace_id, "after", "yes")
        """
    )
    assert [span["name"] for span in spans] == ["handler", "spanlog.note"]
    found = said(spans)
    assert (found["mlflow.traceTag.host"], found["user.id"]) == ("b", "ada")
    assert (found["session.id"], found["mlflow.traceTag.scope"]) == ("s", "yes")
    assert found["mlflow.traceTag.after"] == "yes"
    assert [key for key in found if key.startswith("spanlog.trace.assessment.")]


def test_spans_that_begin_or_end_after_the_handler_left_are_kept(record_mlflow):
    spans = record_mlflow(
        """
        from mlflow.tracing.fluent import start_span_no_context
        left = threading.Event()
        def background(parent):
            late = start_span_no_context("ends late", parent_span=parent)
            began.set()
            left.wait()
            start_span_no_context("begins late", parent_span=parent).end()
            late.end()
        with join(REMOTE):
            with mlflow.start_span("handler") as span:
                began = threading.Event()
                thread = threading.Thread(target=background, args=(span,))
                thread.start()
                began.wait()
        left.set()
        thread.join()
        """
    )
    assert sorted(span["name"] for span in spans) == ["begins late", "ends late", "handler"]
    assert {span["trace_id"] for span in spans} == {"ab" * 16}


def test_requests_of_one_trace_that_overlap_do_not_end_each_other(record_mlflow):
    spans = record_mlflow(
        """
        inside, left = threading.Event(), threading.Event()
        def second():
            with join(REMOTE):
                with mlflow.start_span("second"):
                    pass
        with join(REMOTE):
            with mlflow.start_span("first"):
                thread = threading.Thread(target=second)
                thread.start()
                thread.join()
                mlflow.update_current_trace(tags={"still": "there"})
                with mlflow.start_span("inner"):
                    pass
        """
    )
    assert sorted(span["name"] for span in spans) == ["first", "inner", "second"]
    assert said(spans)["mlflow.traceTag.still"] == "there"


@pytest.mark.parametrize(
    "header, flags", [("00-{t}-{p}-00", "00"), ("00-{t}-{p}-02", "02")], ids=["00", "02"]
)
def test_an_unsampled_parent_records_nothing_and_says_so_to_the_next(record_mlflow, header, flags):
    traceparent = header.format(t="ab" * 16, p="cd" * 8)
    spans = record_mlflow(
        """
        with join({"traceparent": sys.argv[2]}):
            with mlflow.start_span("handler"):
                print(headers()["traceparent"])
        with mlflow.start_span("own"):
            pass
        """,
        traceparent,
    )
    assert [span["name"] for span in spans] == ["own"]
    version, trace, _, onward = record_mlflow.output.splitlines()[-1].split("-")
    assert (version, trace, onward) == ("00", "ab" * 16, flags)


def test_a_malformed_header_starts_a_trace_of_its_own(record_mlflow):
    spans = record_mlflow(
        """
        for value in ("nonsense", "00-" + "0" * 32 + "-" + "cd" * 8 + "-01", "ff-" + "ab" * 16):
            with join({"traceparent": value}):
                with mlflow.start_span(value[:2]):
                    pass
        """
    )
    assert [span["parent_span_id"] for span in spans] == ["", "", ""]
    assert len({span["trace_id"] for span in spans}) == 3


def test_a_remote_call_into_the_same_process_is_one_trace(record_mlflow):
    spans = record_mlflow(
        """
        def handle(incoming, depth):
            with join(incoming):
                with mlflow.start_span(f"handler {depth}"):
                    if depth:
                        handle(headers(), depth - 1)
        with mlflow.start_span("client"):
            handle(headers(), 1)
            handle(headers(), 0)
        """
    )
    assert tree(spans) == drawn(
        """
        py: client
          py: handler 1
            py: handler 0
          py: handler 0
        """
    )


def test_the_calls_of_distributed_tracing_return_what_they_do_with_a_server(record_mlflow):
    spans = record_mlflow(
        """
        from mlflow.exceptions import MlflowException
        from mlflow.tracing.provider import get_current_otel_span
        assert headers() == {}
        with mlflow.start_span("client") as client:
            sent = headers()
        assert list(sent) == ["traceparent"]
        _, trace_id, span_id, flags = sent["traceparent"].split("-")
        assert (f"tr-{trace_id}", span_id) == (client.trace_id, client.span_id)
        assert int(flags, 16) & 1
        for name in ("traceparent", "Traceparent"):
            with join({name: sent["traceparent"], "tracestate": "a=b"}):
                context = get_current_otel_span().get_span_context()
                assert (f"{context.trace_id:032x}", f"{context.span_id:016x}") == (trace_id, span_id)
                assert mlflow.get_current_active_span() is None
                with mlflow.start_span("child") as child:
                    assert (child.trace_id, child.parent_id) == (client.trace_id, client.span_id)
                    assert headers()["tracestate"] == "a=b"
            assert not get_current_otel_span().get_span_context().is_valid
        try:
            with join({"Accept": "*/*"}):
                raise AssertionError("it was taken")
        except MlflowException as error:
            assert "traceparent" in str(error)
        """
    )
    assert tree(spans) == drawn(
        """
        py: client
          py: child
          py: child
        """
    )
