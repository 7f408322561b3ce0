"""MLflow's own tracing, recorded without a server: what users say is in the store."""

import json
import sys
import textwrap

import pytest

import call_trees
import mlflow_traces
import stores
from call_trees import drawn, json_attribute, tree
from processes import Process, spanlog, spanlog_json
from python_processes import ENVIRONMENT, PROGRAMS, run

PRELUDE = """
import sys, threading, time
import spanlog.mlflow
recording = spanlog.mlflow.record(sys.argv[1], service_name="py")
import mlflow
from mlflow.tracing import (get_tracing_context_headers_for_http_request as headers,
                            set_tracing_context_from_http_request_headers as join)
REMOTE = {"Traceparent": "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"}
"""


@pytest.fixture
def record(tmp_path):
    """Runs a program that traces with MLflow, and returns the spans in its store."""

    def record(program, *arguments, environment=None):
        folder = tmp_path / "cwd"
        folder.mkdir(exist_ok=True)
        store = tmp_path / "store"
        result = run(PRELUDE + textwrap.dedent(program), store, *arguments, cwd=folder,
                     environment=environment)  # fmt: skip
        record.output = result.stdout
        # No database, no artifacts: nobody asked a tracking server, and nobody made one up.
        assert list(folder.iterdir()) == []
        spanlog("verify", store)
        return list(call_trees.from_otlp(stores.read_store(store)))

    return record


def values(span):
    """The attributes of a span as Python has them."""
    found = {}
    for key, value in span["attributes"].items():
        kind = value.WhichOneof("value")
        found[key] = getattr(value, kind) if kind else None
    return found


def said(spans):
    """What spans say about their trace: of each key what was said last."""
    found = {}
    for span in spans:
        attributes = values(span)
        for key, value in attributes.items():
            time = attributes.get(f"spanlog.said_at.{key}")
            if time is not None and time >= found.get(key, (0, None))[0]:
                found[key] = (time, value)
    return {key: value for key, (_, value) in found.items()}


def test_the_vocabulary_of_spans_is_kept(record):
    [span] = record(
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


def test_functions_errors_generators_and_async_code_are_traced(record):
    spans = record(
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


def test_what_is_said_of_the_trace_is_kept_with_its_time(record):
    spans = record(
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


def test_what_is_said_after_the_trace_is_a_note(record):
    spans = record(
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


def test_attachments_are_notes_beside_their_span(record):
    spans = record(
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


# Joining remote traces


def test_every_span_of_a_joined_trace_is_kept(record):
    spans = record(
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


def test_updates_of_a_joined_trace_are_kept(record):
    spans = record(
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


def test_spans_that_begin_or_end_after_the_handler_left_are_kept(record):
    spans = record(
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


def test_requests_of_one_trace_that_overlap_do_not_end_each_other(record):
    spans = record(
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
def test_an_unsampled_parent_records_nothing_and_says_so_to_the_next(record, header, flags):
    traceparent = header.format(t="ab" * 16, p="cd" * 8)
    spans = record(
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
    version, trace, _, onward = record.output.strip().split("-")
    assert (version, trace, onward) == ("00", "ab" * 16, flags)


def test_a_malformed_header_starts_a_trace_of_its_own(record):
    spans = record(
        """
        for value in ("nonsense", "00-" + "0" * 32 + "-" + "cd" * 8 + "-01", "ff-" + "ab" * 16):
            with join({"traceparent": value}):
                with mlflow.start_span(value[:2]):
                    pass
        """
    )
    assert [span["parent_span_id"] for span in spans] == ["", "", ""]
    assert len({span["trace_id"] for span in spans}) == 3


def test_a_remote_call_into_the_same_process_is_one_trace(record):
    spans = record(
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


# Being a guest in MLflow


def test_traces_that_nobody_ends_are_not_kept_for_ever(record):
    spans = record(
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


def test_tracing_can_be_switched_off_and_on_and_redirected(record):
    spans = record(
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


def test_forked_workers_record_as_their_parent_does(record):
    spans = record(
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


def test_a_ratio_samples_whole_traces(record):
    spans = record(
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


def test_spans_that_a_user_redacts_reach_no_file_unredacted(record, tmp_path):
    spans = record(
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


def test_spans_of_opentelemetry_join_mlflows_with_their_own_values(record):
    spans = record(
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


def test_stopping_gives_tracing_back(record):
    record(
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


# Autologging


def test_autologging_of_openai_is_recorded_whole(record):
    server = Process([sys.executable, PROGRAMS / "chat_server.py"], "listening on ", ENVIRONMENT)
    url = server.output.split("listening on ")[1].strip()
    try:
        spans = record(
            """
            import asyncio, openai
            mlflow.openai.autolog()
            client = openai.OpenAI(api_key="none", base_url=sys.argv[2] + "/v1", max_retries=0)
            question = [{"role": "user", "content": "What is six times seven?"}]
            create = client.chat.completions.create
            with mlflow.start_span("agent"):
                create(model="gpt-test", messages=question)
                list(create(model="gpt-test", messages=question, stream=True, max_tokens=300,
                            stream_options={"include_usage": True}))
                try:
                    create(model="gpt-test", messages=[{"role": "user", "content": "fail"}])
                except openai.BadRequestError:
                    pass
                async def later():
                    other = openai.AsyncOpenAI(api_key="none", base_url=sys.argv[2] + "/v1")
                    stream = await other.chat.completions.create(
                        model="gpt-test", messages=question, stream=True)
                    async for _ in stream:
                        pass
                asyncio.run(later())
            """,
            url,
        )
    finally:
        server.stop()
    agent = next(span for span in spans if span["name"] == "agent")
    calls = sorted((s for s in spans if s is not agent), key=lambda span: span["start"])
    assert [span["status"] for span in calls] == ["OK", "OK", "ERROR", "OK"]
    assert {span["parent_span_id"] for span in calls} == {agent["span_id"]}
    whole, streamed, failed, asynchronous = calls
    for span in calls:
        assert values(span)["mlflow.spanType"] == "CHAT_MODEL"
        assert json_attribute(span, "mlflow.spanInputs")["model"] == "gpt-test"
    for span in (whole, asynchronous):
        message = json_attribute(span, "mlflow.spanOutputs")["choices"][0]["message"]
        assert message["content"] == "The answer is 42."
    usage = {"input_tokens": 11, "output_tokens": 5, "total_tokens": 16}
    assert json_attribute(whole, "mlflow.chat.tokenUsage") == usage
    assert json_attribute(streamed, "mlflow.chat.tokenUsage") == usage
    text = json_attribute(streamed, "mlflow.spanOutputs")["choices"][0]["message"]["content"]
    assert text == "The answer is 42." * 60
    # Each chunk is an event, also beyond the 128 that OpenTelemetry keeps.
    assert len(streamed["events"]) > 300
    [exception] = failed["events"]
    assert any("as told" in a.value.string_value for a in exception.attributes)


# In MLflow, beside what its own SDK logs there

TWIN = """
import os, sys
if len(sys.argv) > 1:
    import spanlog.mlflow
    spanlog.mlflow.record(sys.argv[1], service_name="twin")
import mlflow
from mlflow.entities import AssessmentSource, Document, SpanEvent
from mlflow.tracing.attachments import Attachment

if len(sys.argv) == 1:
    mlflow.set_experiment("twin by its SDK")

@mlflow.trace(span_type="TOOL", attributes={"kind": "search"})
def search(query, limit=3):
    return [Document("page", {"score": 0.5})]

@mlflow.trace(output_reducer=lambda chunks: "".join(chunks))
def stream():
    yield from ("one ", "two ", "three")

@mlflow.trace(name="agent", span_type="AGENT")
def agent(messages):
    mlflow.update_current_trace(
        tags={"team": "bridges"}, metadata={"version": "7"}, session_id="monday", user="ada",
        client_request_id="c 1")
    search("Größe")
    list(stream())
    with mlflow.start_span("model", span_type="CHAT_MODEL") as span:
        span.set_inputs({"messages": messages, "model": "gpt-4o"})
        span.set_outputs({"choices": [{"message": {"role": "assistant", "content": "1.5 km"}}]})
        span.set_attribute("mlflow.chat.tokenUsage",
                           {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18})
        span.set_attributes({"ratio": 0.5, "list": [1, "x", None], "map": {"a": [1.5]}, "n": 7,
                             "text": "ü", "yes": True, "none": None})
        span.add_event(SpanEvent("first word", attributes={"number": 1}))
    try:
        with mlflow.start_span("broken"):
            raise ValueError("no page")
    except ValueError:
        pass
    trace_id = mlflow.get_active_trace_id()
    mlflow.log_feedback(trace_id=trace_id, name="good", value=0.5, rationale="because",
                        source=AssessmentSource("HUMAN", "bob"))
    mlflow.log_expectation(trace_id=trace_id, name="length", value={"km": 1.5})
    with mlflow.start_span("picture") as span:
        span.set_inputs({"image": Attachment(content_type="image/png", content_bytes=b"PNG")})
    return {"length": 1.5, "unit": "km"}

agent([{"role": "user", "content": "How long is it?"}])
mlflow.flush_trace_async_logging()
"""


def twin(traces):
    """The one trace of an experiment, without what differs from run to run, and what the export
    adds."""
    [trace] = traces.values()
    # Session and user are attributes of the span that carries them, too, as OpenTelemetry has them.
    own = {"service.name", "host.name", "process.pid", "span.kind", "mlflow.traceRequestId",
           "session.id", "user.id"}  # fmt: skip
    host = ("process.", "os.", "telemetry.", "service.", "spanlog.", "mlflow.traceTag.")
    spans = []
    for span in trace["spans"]:
        attributes = {k: v for k, v in span["attributes"].items()
                      if k not in own and not k.startswith(host)}  # fmt: skip
        inputs = span["inputs"]
        if span["name"] == "picture":
            inputs = attributes["mlflow.spanInputs"] = "an attachment"
        events = [(name, {k: v for k, v in attributes.items() if k != "exception.stacktrace"})
                  for name, _, attributes in span["events"]]  # fmt: skip
        spans.append((span["name"], span["type"], span["status"], span["message"], inputs,
                      span["outputs"], attributes, events))  # fmt: skip
    volatile = ("mlflow.trace.size", "mlflow.source.", "mlflow.trace.infoFinalized")
    return {
        "spans": spans,
        "tree": tree([{**s, "service": "", "kind": "INTERNAL"} for s in trace["spans"]]),
        "tags": {k: v for k, v in trace["tags"].items() if k != "mlflow.artifactLocation"},
        "metadata": {k: v for k, v in trace["metadata"].items() if not k.startswith(volatile)},
        **{k: trace[k] for k in ("state", "request_preview", "response_preview", "client_request_id")},
        "assessments": sorted(
            (a["kind"], a["name"], str(a["value"]), a["source"], a["rationale"])
            for a in trace["assessments"]
        ),
    }


def test_an_exported_trace_is_what_mlflows_sdk_would_have_logged(tmp_path, mlflow_server):
    uri = mlflow_server.uri
    environment = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "7"}
    logged = run(TWIN, environment=environment, cwd=tmp_path).stderr
    assert "WARNING" not in logged, logged
    run(TWIN, tmp_path / "store", cwd=tmp_path)
    spanlog("merge", tmp_path / "store", "-o", tmp_path / "archive")
    spanlog("export", "mlflow", tmp_path / "archive", "--tracking-uri", uri,
            "--experiment", "twin offline")  # fmt: skip
    by_sdk = twin(mlflow_traces.read(uri, "twin by its SDK"))
    exported = twin(mlflow_traces.read(uri, "twin offline"))
    for ours, theirs in zip(exported.pop("spans"), by_sdk.pop("spans"), strict=True):
        assert ours == theirs
    assert exported == by_sdk
