"""Values that break others arrive in a real MLflow, whose own client can read all of them."""

import base64
import json
import math
from types import SimpleNamespace

import hostile_values
import mlflow_traces
import pytest
from hostile_values import LARGE, TEXTS
from mlflow import MlflowClient
from processes import spanlog

EXPERIMENT = "hostile values"


@pytest.fixture(scope="module")
def run(tmp_path_factory, mlflow_server):
    folder = tmp_path_factory.mktemp("hostile")
    ids = hostile_values.record(folder / "store")
    spanlog("merge", folder / "store", "-o", folder / "traces.spanlog")
    exported = spanlog("export", "mlflow", folder / "traces.spanlog", "--tracking-uri",
                       mlflow_server.uri, "--experiment", EXPERIMENT)  # fmt: skip
    traces = mlflow_traces.read(mlflow_server.uri, EXPERIMENT)
    return SimpleNamespace(uri=mlflow_server.uri, ids=ids, traces=traces, output=exported)


def span(run, name):
    [found] = run.traces[run.ids[name]]["spans"]
    return found


def test_all_of_them_are_found_by_a_search(run):
    assert set(run.traces) == set(run.ids.values())
    assert "Refused" not in run.output.stderr


def test_each_is_read_by_its_id_as_it_is_found(run):
    client = MlflowClient(run.uri)
    for id, trace in run.traces.items():
        read = mlflow_traces.describe(client.get_trace(f"tr-{id}"))
        # As text, since NaN is not equal to itself.
        assert repr(read) == repr(trace)


def depth_and_rest(value):
    """How deep a value nests, and what is innermost."""
    depth = 0
    while isinstance(value, dict | list):
        value = value["a"] if isinstance(value, dict) else value[0]
        depth += 1
    return depth, value


@pytest.mark.parametrize("name", ["deep objects", "deep lists"])
def test_what_nests_100_deep_is_text_from_level_30_on(run, name):
    depth, rest = depth_and_rest(span(run, name)["inputs"])
    assert depth == 30
    assert depth_and_rest(json.loads(rest)) == (70, 1)


def test_deep_json_in_an_attribute_of_ones_own_is_the_text_that_it_was(run):
    deep = span(run, "deep objects")["attributes"]["deep"]
    assert deep == hostile_values.nested(100, of_lists=False)
    [(_, _, attributes)] = span(run, "deep lists")["events"]
    assert attributes["deep"] == hostile_values.nested(100, of_lists=True)


def test_what_is_no_number_stays_one_or_is_named(run):
    found = span(run, "not numbers")
    attributes = found["attributes"]
    assert math.isnan(attributes["nan"])
    assert (attributes["inf"], attributes["-inf"]) == (math.inf, -math.inf)
    assert math.isnan(attributes["several"][0]) and attributes["several"][1:] == [1, math.inf]
    [(_, _, event)] = found["events"]
    assert event == {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def test_inputs_that_are_pythons_json_with_nan_are_read_as_python_reads_them(run):
    inputs = span(run, "not numbers")["inputs"]
    assert set(inputs) == {"a", "b"}
    assert math.isnan(inputs["a"]) and inputs["b"] == -math.inf


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_texts_stay_the_texts_that_they_are(run, number):
    texts, key = span(run, "texts"), f"text {number}"
    assert texts["attributes"][key] == TEXTS[number]
    assert texts["events"][0][2][key] == TEXTS[number]
    # Those of a root are in columns of the database, too, where no U+0000 may be.
    alone = span(run, f"input {number}")
    assert alone["inputs"] == alone["outputs"] == TEXTS[number].replace("\0", "\ufffd")


def test_16_mebibytes_of_inputs_are_whole(run):
    assert span(run, "large")["inputs"] == "ü" * (LARGE // 2)
    assert len(run.traces[run.ids["large"]]["request_preview"]) == 1000


def test_what_is_longer_than_its_column_is_cut(run):
    trace = run.traces[run.ids["long session"]]
    assert trace["metadata"]["mlflow.trace.session"] == "s" * 250
    assert trace["metadata"]["mlflow.trace.user"] == "ü" * 250
    assert trace["tags"]["long"] == "t" * 4096
    assert span(run, "n" * 5000)["type"] == "T" * 500
    assert run.traces[run.ids["n" * 5000]]["tags"]["mlflow.traceName"] == "n" * 4096


def test_the_tags_in_which_the_server_keeps_books_stay_the_servers(run):
    trace = run.traces[run.ids["tags of the server's"]]
    assert trace["tags"]["mine"] == "kept"
    assert "nowhere" not in trace["tags"].values()
    assert trace["metadata"]["spanlog.left_out"] == (
        "tag mlflow.artifactLocation, in which MLflow keeps books; "
        "tag mlflow.trace.spansLocation, in which MLflow keeps books"
    )


def test_no_column_has_a_zero(run):
    trace, [found] = (t := run.traces[run.ids["zero \0 in \0 names"]]), t["spans"]
    assert found["name"] == "zero \ufffd in \ufffd names"
    assert (found["type"], found["inputs"]) == ("a\ufffdb", "in\ufffdside")
    assert trace["metadata"]["mlflow.trace.session"] == "s\ufffd"
    assert trace["tags"]["z"] == "t\ufffd"


def test_nothing_that_becomes_a_column_has_a_zero(run):
    attributes = span(run, "zeros of other conventions")["attributes"]
    for key in hostile_values.OTHER_CONVENTIONS:
        assert attributes[key] == "z\ufffd"
    assert span(run, "zero in the model of the inputs")["inputs"] == {"model": "m\ufffd"}
    # A span that is no root has no previews, but a model.
    child = span(run, "headless")
    assert child["inputs"] == {"model": "m\ufffd"}
    assert child["attributes"]["mine"] == "m\0"


def test_an_unfinished_root_is_an_error_that_has_ended(run):
    trace, found = run.traces[run.ids["unfinished"]], span(run, "unfinished")
    assert (trace["state"], found["status"]) == ("ERROR", "ERROR")
    assert found["message"] == "The span never ended: its process died first."
    assert found["end"] >= found["start"]


def test_a_trace_without_its_root_says_so_and_does_not_look_live(run):
    trace = run.traces[run.ids["headless"]]
    assert trace["state"] == "ERROR"
    assert trace["metadata"]["spanlog.headless"] == "true"


def test_bytes_are_base64(provider, tmp_path, mlflow_server):
    content = bytes(range(256))
    with provider.get_tracer("tests").start_as_current_span("bytes") as found:
        found.set_attribute("bytes", content)
        found.add_event("event", {"bytes": content})
    provider.force_flush()
    spanlog("merge", tmp_path / "store", "-o", tmp_path / "traces.spanlog")
    spanlog("export", "mlflow", tmp_path / "traces.spanlog", "--tracking-uri", mlflow_server.uri,
            "--experiment", "bytes")  # fmt: skip
    [trace] = mlflow_traces.read(mlflow_server.uri, "bytes").values()
    expected = base64.b64encode(content).decode()
    assert trace["spans"][0]["attributes"]["bytes"] == expected
    assert trace["spans"][0]["events"][0][2]["bytes"] == expected
