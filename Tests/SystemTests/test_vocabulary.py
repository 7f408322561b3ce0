"""Everything that SpanLog can say, as a real MLflow has it after an export."""

import base64
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import requests
from mlflow import MlflowClient
from mlflow.entities import Feedback
from mlflow.tracing.client import TracingClient

import mlflow_traces
from processes import VOCABULARY, spanlog

# The striped one of `Researcher.swift`.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAADAAAAAwCAIAAADYYG7QAAAAR0lEQVR42u3WQQ0AMAgDQORMBP6DnEnABkmPIOBebesfuw"
    "ICAooDTb9TDwQElAeS1EBAQPaQ6gACsockNRAQkD2kOoCAokELhxnvAAggR4sAAAAASUVORK5CYII="
)

EXPERIMENT = "vocabulary"
TYPES = ["LLM", "CHAIN", "AGENT", "TOOL", "CHAT_MODEL", "RETRIEVER", "PARSER", "EMBEDDING",
         "RERANKER", "MEMORY", "UNKNOWN", "WORKFLOW", "TASK", "GUARDRAIL", "EVALUATOR",
         "SURVEY"]  # fmt: skip


def record(*arguments):
    command = [VOCABULARY, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory, mlflow_server):
    """Three services and a visitor, merged and exported twice."""
    folder = tmp_path_factory.mktemp("vocabulary")
    stores = folder / "stores"

    ids = json.loads(record(stores, "answer"))
    record(stores, "judge", ids["traceparent"])
    archive = folder / "traces.spanlog"
    spanlog("merge", stores, "-o", archive)
    export = ("export", "mlflow", archive, "--tracking-uri", mlflow_server.uri,
              "--experiment", EXPERIMENT)  # fmt: skip
    spanlog(*export)
    first = mlflow_traces.read(mlflow_server.uri, EXPERIMENT)
    spanlog(*export)
    return SimpleNamespace(
        uri=mlflow_server.uri,
        ids=ids,
        traces=first,
        again=mlflow_traces.read(mlflow_server.uri, EXPERIMENT),
        answer=first[ids["answer"]],
        manual=first[ids["manual"]],
        genai=first[ids["genai"]],
    )


def span(trace, name):
    [found] = [span for span in trace["spans"] if span["name"] == name]
    return found


def test_what_is_said_on_a_host_that_only_joined_is_the_traces(run):
    tags, metadata = run.answer["tags"], run.answer["metadata"]
    assert tags["mlflow.traceName"] == "the bridge"
    assert tags["host"] == "researcher"
    assert metadata["source"] == "survey"
    assert run.answer["client_request_id"] == "request 7"
    assert run.answer["request_preview"] == "asked for a length"
    assert run.answer["response_preview"] == "1.5 km"


def test_a_scope_speaks_for_all_its_traces_and_whoever_speaks_later_wins(run):
    for trace in run.traces.values():
        assert trace["tags"]["channel"] == "web"
        assert trace["metadata"]["build"] == "42"
        assert trace["metadata"]["mlflow.trace.session"] == "monday"
        assert trace["metadata"]["mlflow.trace.user"] == "ada"
    assert run.answer["tags"]["team"] == "bridges"
    assert run.manual["tags"]["team"] == "nobody"


def test_who_comes_later_is_heard(run):
    assert run.answer["tags"]["read"] == "yes"
    assert run.answer["state"] == "IN_PROGRESS"


def test_assessments_are_there_once_with_who_and_why(run):
    found = {a["name"]: a for a in run.answer["assessments"]}
    assert sorted(a["name"] for a in run.answer["assessments"]) == sorted(found)
    assert set(found) == {"checked", "length", "judged", "stars"}
    checked = found["checked"]
    assert (checked["kind"], checked["value"]) == ("Feedback", True)
    assert (checked["source"], checked["rationale"]) == (("CODE", "unit test"), "Measured twice.")
    assert (found["length"]["kind"], found["length"]["value"]) == ("Expectation", {"km": 1.5})
    judged = found["judged"]
    assert judged["error"] == ("LIMIT", "later")
    assert judged["source"] == ("LLM_JUDGE", "gpt-4o")
    assert judged["span_id"] == span(run.answer, "question")["span_id"]
    assert (found["stars"]["value"], found["stars"]["source"]) == (4, ("HUMAN", "bob"))
    assert found["checked"]["span_id"] is None


def test_every_type_is_mlflows_and_is_found_by_it(run):
    found = [s["type"] for s in run.answer["spans"] if s["name"] in TYPES]
    assert sorted(found) == sorted(TYPES)
    client = MlflowClient(run.uri)
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    for type in ("SURVEY", "CHAT_MODEL"):
        traces = client.search_traces([experiment], filter_string=f"span.type = '{type}'")
        assert f"tr-{run.ids['answer']}" in {trace.info.trace_id for trace in traces}


def test_inputs_and_outputs_may_be_json(run):
    question = span(run.answer, "question")
    assert question["inputs"] == {"messages": [{"role": "user", "content": "How long is it?"}]}
    assert question["outputs"] == {"length": 1.5, "unit": "km", "exact": None}
    assert question["attributes"]["mlflow.spanDescription"] == "Answers a question."


def test_log_levels_are_those_that_mlflows_sdk_gives(run):
    levels = {s["name"]: s["attributes"]["mlflow.spanLogLevel"] for s in run.answer["spans"]}
    assert levels["question"] == 20  # an agent
    assert levels["PARSER"] == 10
    assert levels["look"] == 30  # as it was set
    assert levels["fail"] == levels["fail elsewhere"] == 40


def test_errors_have_type_message_and_stack(run):
    [(name, _, attributes)] = span(run.answer, "fail elsewhere")["events"]
    assert name == "exception"
    assert attributes == {
        "exception.type": "ValueError",
        "exception.message": "no page",
        "exception.stacktrace": 'File "a.py", line 1',
    }
    failed = span(run.answer, "fail")
    assert failed["status"] == "ERROR" and failed["message"].endswith("broken")
    assert failed["events"][0][2]["exception.message"] == "broken"


def test_a_call_of_a_model_has_its_fields_and_the_trace_their_sum(run):
    attributes = span(run.answer, "model")["attributes"]
    assert attributes["mlflow.llm.model"] == "gpt-4o"
    assert attributes["mlflow.llm.provider"] == "openai"
    assert attributes["mlflow.message.format"] == "openai"
    assert attributes["mlflow.chat.tools"] == [{"type": "function"}]
    usage = {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18,
             "cache_read_input_tokens": 5}  # fmt: skip
    cost = {"input_cost": 0.5, "output_cost": 0.25, "total_cost": 0.75}
    assert attributes["mlflow.chat.tokenUsage"] == usage
    assert attributes["mlflow.llm.cost"] == cost
    assert json.loads(run.answer["metadata"]["mlflow.trace.tokenUsage"]) == usage
    assert json.loads(run.answer["metadata"]["mlflow.trace.cost"]) == cost


def test_a_stream_has_a_chunk_for_each_word_and_their_sum(run):
    stream = span(run.answer, "stream")
    assert (stream["type"], stream["inputs"], stream["outputs"]) == ("LLM", {"n": 3}, "it is 1.5 km")
    assert [(name, attributes) for name, _, attributes in stream["events"]] == [
        (f"mlflow.chunk.item.{index}", {"mlflow.chunk.value": json.dumps(word)})
        for index, word in enumerate(("it", "is", "1.5 km"))
    ]
    half = span(run.answer, "half")
    assert half["outputs"] == ["it", "is"]
    assert half["attributes"]["spanlog.stream.end"] == "abandoned"


def test_an_attachment_can_be_downloaded_from_where_the_inputs_refer(run):
    look = span(run.answer, "look")
    reference = look["inputs"]["picture"]
    assert look["outputs"] == {"same": reference}
    assert download(run.uri, run.ids["answer"], reference) == PICTURE


def download(uri, trace_id, reference):
    """What MLflow's page gets for a reference."""
    id, query = reference.removeprefix("mlflow-attachment://").split("?")
    assert query == f"content_type=image%2Fpng&trace_id=tr-{trace_id}&size={len(PICTURE)}"
    answer = requests.get(
        f"{uri}/ajax-api/3.0/mlflow/get-trace-artifact",
        params={"request_id": f"tr-{trace_id}", "path": id},
        timeout=60,
    )
    assert answer.status_code == 200
    return answer.content


def test_notes_are_no_spans(run):
    for trace in run.traces.values():
        for found in trace["spans"]:
            assert not found["name"].startswith("spanlog.")
            keys = found["attributes"]
            assert not any(k.startswith(("spanlog.trace.", "spanlog.said_at.")) for k in keys)


def test_manual_spans_have_their_times_parents_links_and_state(run):
    start = 1_700_000_000_000_000_000
    root, step = span(run.manual, "import"), span(run.manual, "parse")
    assert (root["start"], root["end"]) == (start, start + 3_000_000)
    assert (step["start"], step["end"]) == (start + 1_000_000, start + 2_000_000)
    assert step["parent_span_id"] == root["span_id"]
    assert step["links"] == [(run.ids["manual"], root["span_id"], {"why": "again"})]
    assert (step["status"], step["message"], step["outputs"]) == ("ERROR", "bad row", 2)
    assert (root["status"], run.manual["state"]) == ("OK", "ERROR")


def test_other_instrumentations_genai_attributes_become_mlflows_fields(run):
    chat = span(run.genai, "chat gpt-4o")
    assert chat["type"] == "CHAT_MODEL"
    assert chat["inputs"] == [{"role": "user", "content": "hello"}]
    assert chat["outputs"] == [{"role": "assistant", "content": "hi"}]
    attributes = chat["attributes"]
    assert attributes["mlflow.llm.model"] == "gpt-4o"
    assert attributes["mlflow.llm.provider"] == "openai"
    usage = {"input_tokens": 1000, "output_tokens": 10, "total_tokens": 1010}
    assert attributes["mlflow.chat.tokenUsage"] == usage
    assert attributes["mlflow.llm.cost"]["total_cost"] > 0


def test_a_second_export_changes_nothing(run):
    assert run.again == run.traces


PYTHON_ROOT = """
import mlflow
mlflow.set_experiment("begun by Python")
with mlflow.start_span("python's") as root:
    print(mlflow.tracing.get_tracing_context_headers_for_http_request()["traceparent"])
mlflow.flush_trace_async_logging()
"""


def test_what_is_said_in_a_trace_that_python_began_completes_it(mlflow_server, tmp_path):
    environment = {**os.environ, "MLFLOW_TRACKING_URI": mlflow_server.uri,
                   "MLFLOW_DISABLE_TELEMETRY": "true"}  # fmt: skip
    python = subprocess.run([sys.executable, "-c", PYTHON_ROOT], env=environment, check=True,
                            capture_output=True, text=True)  # fmt: skip
    traceparent = python.stdout.strip()
    record(tmp_path / "stores", "join", traceparent)
    record(tmp_path / "stores", "judge", traceparent)
    archive = tmp_path / "traces.spanlog"
    spanlog("merge", tmp_path / "stores", "-o", archive)
    for _ in range(2):
        spanlog("export", "mlflow", archive, "--tracking-uri", mlflow_server.uri,
                "--experiment", "begun by Python")  # fmt: skip
        [trace] = mlflow_traces.read(mlflow_server.uri, "begun by Python").values()
        assert span(trace, "python's")["parent_span_id"] == ""
        assert trace["tags"]["host"] == "researcher"
        [stars] = trace["assessments"]
        assert (stars["name"], stars["value"]) == ("stars", 4)
        # What somebody makes of it meanwhile, the next export sets right.
        TracingClient(mlflow_server.uri).update_assessment(
            f"tr-{traceparent.split('-')[1]}", stars["id"], Feedback(name="stars", value=1))
        look, trace_id = span(trace, "look"), traceparent.split("-")[1]
        picture = download(mlflow_server.uri, trace_id, look["inputs"]["picture"])
        assert picture == PICTURE
