"""MLflow's own tracing, recorded without a server: what users say is in the store."""

import json

from call_trees import drawn, json_attribute, tree
from python_mlflow import said, values


def test_the_vocabulary_of_spans_is_kept(record_mlflow):
    [span] = record_mlflow(
        """
        with mlflow.start_span("s", span_type="RETRIEVER") as span:
            span.set_inputs({"query": "Größe", "n": [1, None]})
            span.set_outputs("42")
            span.set_attributes({"text": "ü", "looks like JSON": '{"a": 1}', "number": 7,
                                 "ratio": 0.5, "yes": True, "none": None, "list": [1, "x"],
                                 "map": {"a": [1.5]}, "huge": 2**70, "quoted": '"x"'})
            span.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 1, "output_tokens": 2})
            span.set_attribute("mlflow.llm.model", "gpt")
            span.set_description('"said"')
            span.add_event(mlflow.entities.SpanEvent("e", attributes={"k": 1}))
            span.add_link(mlflow.entities.Link(trace_id="tr-" + "ab" * 16, span_id="cd" * 8,
                                               attributes={"why": "follows"}))
        """
    )
    found = values(span)
    assert found["mlflow.spanType"] == "RETRIEVER"
    assert json.loads(found["mlflow.spanInputs"]) == {"query": "Größe", "n": [1, None]}
    assert found["mlflow.spanOutputs"] == '"42"'
    assert (found["text"], found["looks like JSON"], found["quoted"]) == ("ü", '{"a": 1}', '"x"')
    assert (found["number"], found["ratio"], found["yes"], found["none"]) == (7, 0.5, True, None)
    assert [item.WhichOneof("value") for item in found["list"].values] == ["int_value", "string_value"]
    assert found["map"].values[0].value.array_value.values[0].double_value == 1.5
    assert found["huge"] == str(2**70)
    assert json.loads(found["mlflow.chat.tokenUsage"]) == {"input_tokens": 1, "output_tokens": 2}
    assert found["mlflow.llm.model"] == "gpt"
    assert found["mlflow.spanDescription"] == '"said"'
    assert found["mlflow.spanLogLevel"] == 20
    # What MLflow keeps for itself, and derives again.
    assert not {"mlflow.traceRequestId", "mlflow.experimentId", "otel.scope.name"} & set(found)
    assert (span["status"], span["service"], span["kind"]) == ("OK", "py", "INTERNAL")
    [event] = span["events"]
    assert (event.name, event.attributes[0].key, event.attributes[0].value.int_value) == ("e", "k", 1)
    [link] = span["links"]
    assert (link.trace_id.hex(), link.span_id.hex()) == ("ab" * 16, "cd" * 8)


def test_functions_errors_generators_and_async_code_are_traced(record_mlflow):
    spans = record_mlflow(
        """
        import asyncio

        @mlflow.trace(span_type="TOOL")
        def tool(x):
            return {"y": x + 1}

        @mlflow.trace
        async def later(x):
            tool(x)

        @mlflow.trace(output_reducer=sum)
        def numbers(count):
            yield from range(count)

        @mlflow.trace
        def agent():
            asyncio.run(later(1))
            list(numbers(200))
            tool("no number")

        try:
            agent()
        except TypeError:
            pass
        """
    )
    assert tree(spans) == drawn(
        """
        py: agent ERROR
          py: later
            py: tool
          py: numbers
          py: tool ERROR
        """
    )
    by_name = {span["name"]: span for span in spans}
    # OpenTelemetry would keep 128 of these.
    assert len(by_name["numbers"]["events"]) == 200
    assert json_attribute(by_name["numbers"], "mlflow.spanOutputs") == sum(range(200))
    assert by_name["agent"]["message"].startswith("TypeError: ")
    assert [event.name for event in by_name["agent"]["events"]] == ["exception"]


def test_what_is_said_of_the_trace_is_kept_with_its_time(record_mlflow):
    spans = record_mlflow(
        """
        with mlflow.tracing.context(tags={"from": "scope"}, metadata={"place": "scope"}):
            with mlflow.start_span("root") as root:
                mlflow.update_current_trace(
                    tags={"team": "first", "n": 5}, metadata={"version": "7"}, session_id="s 1",
                    user="ada", client_request_id="c 1", request_preview="question",
                    response_preview="answer", state="ERROR")
                with mlflow.start_span("child"):
                    mlflow.update_current_trace(tags={"team": "second"})
                mlflow.log_feedback(trace_id=root.trace_id, name="good", value=0.5, rationale="r")
                mlflow.set_trace_tag(root.trace_id, "late", "yes")
        """
    )
    found = said(spans)
    assert found["mlflow.traceTag.from"] == "scope"
    assert found["spanlog.trace.metadata.place"] == "scope"
    assert (found["mlflow.traceTag.team"], found["mlflow.traceTag.n"]) == ("second", "5")
    assert found["mlflow.traceTag.late"] == "yes"
    assert found["spanlog.trace.metadata.version"] == "7"
    assert (found["session.id"], found["user.id"]) == ("s 1", "ada")
    assert found["spanlog.trace.client_request_id"] == "c 1"
    assert found["spanlog.trace.request_preview"] == "question"
    assert found["spanlog.trace.response_preview"] == "answer"
    assert found["spanlog.trace.state"] == "ERROR"
    assert found["spanlog.trace.metadata.mlflow.source.type"] == "LOCAL"
    [assessment] = [value for key, value in found.items() if key.startswith("spanlog.trace.assessment.")]
    assert json.loads(assessment) == {
        "kind": "feedback", "name": "good", "value": 0.5, "rationale": "r",
        "source": {"type": "CODE", "id": "default"},
    }  # fmt: skip
    # The root's name is not said again, and what MLflow derives is not said at all.
    assert not [key for key in found if "traceName" in key or "traceInputs" in key]


def test_what_is_said_after_the_trace_is_a_note(record_mlflow):
    spans = record_mlflow(
        """
        with mlflow.start_span("root") as root:
            pass
        mlflow.log_expectation(trace_id=root.trace_id, name="answer", value={"pages": 3})
        mlflow.set_trace_tag(root.trace_id, "late", "yes")
        """
    )
    root, *notes = spans
    assert [note["name"] for note in notes] == ["spanlog.note"] * 2
    assert {note["trace_id"] for note in notes} == {root["trace_id"]}
    expectation, tag = (values(note) for note in notes)
    [content] = [v for k, v in expectation.items() if k.startswith("spanlog.trace.assessment.a-")]
    assert json.loads(content)["value"] == {"pages": 3}
    assert json.loads(content)["kind"] == "expectation"
    assert tag["mlflow.traceTag.late"] == "yes"


def test_attachments_are_notes_beside_their_span(record_mlflow):
    spans = record_mlflow(
        """
        from mlflow.tracing.attachments import Attachment
        with mlflow.start_span("s") as span:
            span.set_inputs({"picture": Attachment(content_type="image/png",
            content_bytes=b"\\x89PNG")})
        """
    )
    by_name = {span["name"]: span for span in spans}
    note = values(by_name["spanlog.note"])
    assert note["spanlog.attachment.content_type"] == "image/png"
    assert note["spanlog.attachment.base64"] == "iVBORw=="
    reference = json_attribute(by_name["s"], "mlflow.spanInputs")["picture"]
    assert reference.startswith(f"mlflow-attachment://{note['spanlog.attachment.id']}?")
    assert by_name["spanlog.note"]["parent_span_id"] == by_name["s"]["span_id"]
