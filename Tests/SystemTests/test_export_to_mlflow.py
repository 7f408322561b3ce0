"""From services that share nothing but HTTP to whole traces in a real MLflow."""

import subprocess
import sys
from collections import Counter
from types import SimpleNamespace

import pytest
from mlflow import MlflowClient

import call_trees
import mlflow_traces
import stores
from call_trees import call, drawn, post, trace_id, tree, work
from processes import ROOT, SPANLOG, DemoService, Writer, spanlog, spanlog_json

EXPERIMENT = "call trees"


def report(researcher, coder):
    """One service called twice, and one three calls deep."""
    return work(
        "write",
        call(researcher, work("search", type="RETRIEVER", inputs={"query": "Größe"},
                              outputs=[{"page": 1, "score": 0.5}])),
        call(researcher),
        call(coder, call(researcher, call(coder))),
        type="AGENT",
        inputs={"goal": "a page", "years": [1628, 1765]},
        outputs={"pages": 1, "done": True, "note": None},
        attributes={"text": "ü", "number": 2**53, "ratio": 0.25, "yes": True, "list": [1, 2],
                    "looks like JSON": '{"a": 1}'},
        events=[{"name": "started", "attributes": {"attempt": 1, "why": "asked"}},
                {"name": "first word"}],
        trace={"name": "the report", "tags": {"team": "history"}, "session": "s 1", "user": "ada"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory, mlflow_server):
    """Three services that served three requests, merged and exported twice."""
    folder = tmp_path_factory.mktemp("run")
    names = ("planner", "researcher", "coder")
    planner, researcher, coder = running = [DemoService(n, folder / "stores" / n) for n in names]
    try:
        whole = post(planner, report(researcher, coder))
        broken = post(
            planner,
            call(coder, work("compile", fail="no such module")),
            work("link", links=[{"traceparent": whole[1]["traceparent"],
                                 "attributes": {"why": "follows"}}]),
        )  # fmt: skip
        leaf = post(planner)
    finally:
        statuses = [service.stop() for service in running]
    assert statuses == [0, 0, 0]
    assert [status for status, _ in (whole, broken, leaf)] == [200, 502, 200]

    archive = folder / "traces.spanlog"
    spanlog("verify", folder / "stores")
    merged = spanlog("merge", folder / "stores", "-o", archive)
    export = ("export", "mlflow", archive, "--tracking-uri", mlflow_server.uri,
              "--experiment", EXPERIMENT)  # fmt: skip
    spanlog(*export)
    first = mlflow_traces.read(mlflow_server.uri, EXPERIMENT)
    spanlog(*export)
    second = mlflow_traces.read(mlflow_server.uri, EXPERIMENT)
    blocks = [block for name in names for block in stores.read_store(folder / "stores" / name)]
    return SimpleNamespace(
        folder=folder,
        archive=archive,
        merged=merged.stdout,
        recorded=list(call_trees.from_otlp(blocks)),
        traces=first,
        again=second,
        uri=mlflow_server.uri,
        whole=trace_id(whole[1]),
        broken=trace_id(broken[1]),
        leaf=trace_id(leaf[1]),
    )


def spans_of(trace):
    return sorted(trace["spans"], key=lambda span: span["span_id"])


def exact(value):
    """An OTLP value as Python's, as MLflow should give it back."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [exact(item) for item in value.array_value.values]
    return getattr(value, kind)


def test_whole_traces_are_in_mlflow(run):
    assert set(run.traces) == {run.whole, run.broken, run.leaf}
    assert tree(run.traces[run.whole]["spans"]) == drawn(
        """
        planner: / SERVER
          planner: write
            planner: POST CLIENT
              researcher: / SERVER
                researcher: search
            planner: POST CLIENT
              researcher: / SERVER
                researcher: count primes
            planner: POST CLIENT
              coder: / SERVER
                coder: POST CLIENT
                  researcher: / SERVER
                    researcher: POST CLIENT
                      coder: / SERVER
                        coder: count primes
        """
    )
    assert tree(run.traces[run.broken]["spans"]) == drawn(
        """
        planner: / SERVER ERROR
          planner: POST CLIENT ERROR
            coder: / SERVER ERROR
              coder: compile ERROR
          planner: link
        """
    )


def test_every_span_is_there_once_as_it_was_recorded(run):
    recorded = sorted(run.recorded, key=lambda span: span["span_id"])
    stored = sorted(
        ({**span, "trace_id": id} for id, trace in run.traces.items() for span in trace["spans"]),
        key=lambda span: span["span_id"],
    )
    same = ("trace_id", "span_id", "parent_span_id", "service", "name", "kind", "start", "end")
    assert [{key: span[key] for key in same} for span in stored] == [
        {key: span[key] for key in same} for span in recorded
    ]


def test_statuses_and_their_messages_are_kept(run):
    recorded = {span["span_id"]: span for span in run.recorded}
    for trace in run.traces.values():
        for span in trace["spans"]:
            original = recorded[span["span_id"]]
            assert span["status"] == ("ERROR" if original["status"] == "ERROR" else "OK")
            assert span["message"] == original["message"]
    [broken] = [s for s in run.traces[run.broken]["spans"] if s["name"] == "compile"]
    assert "no such module" in broken["message"]


def test_attributes_events_and_links_are_kept(run):
    stored = {s["span_id"]: s for trace in run.traces.values() for s in trace["spans"]}
    for span in run.recorded:
        found = stored[span["span_id"]]
        for key, value in span["attributes"].items():
            if not key.startswith(("mlflow.", "spanlog.said_at.")):
                assert found["attributes"][key] == exact(value), key
        assert found["events"] == [
            (e.name, e.time_unix_nano, {a.key: exact(a.value) for a in e.attributes})
            for e in span["events"]
        ]
        assert found["links"] == [
            (link.trace_id.hex(), link.span_id.hex(),
             {a.key: exact(a.value) for a in link.attributes})
            for link in span["links"]
        ]  # fmt: skip
    [linked] = [s for s in run.traces[run.broken]["spans"] if s["name"] == "link"]
    assert [(link[0], link[2]) for link in linked["links"]] == [(run.whole, {"why": "follows"})]


def test_types_inputs_and_outputs_are_mlflows(run):
    found = {s["name"]: (s["type"], s["inputs"], s["outputs"])
             for s in run.traces[run.whole]["spans"]}  # fmt: skip
    assert found["write"] == (
        "AGENT",
        {"goal": "a page", "years": [1628, 1765]},
        {"pages": 1, "done": True, "note": None},
    )
    assert found["search"] == ("RETRIEVER", {"query": "Größe"}, [{"page": 1, "score": 0.5}])
    assert found["count primes"] == ("TOOL", {"below": 10_000}, {"primes": 1_229})


def test_the_trace_has_name_tags_session_user_and_state(run):
    whole = run.traces[run.whole]
    assert whole["state"] == "OK"
    assert whole["tags"]["mlflow.traceName"] == "the report"
    assert whole["tags"]["team"] == "history"
    assert whole["metadata"]["mlflow.trace.session"] == "s 1"
    assert whole["metadata"]["mlflow.trace.user"] == "ada"
    assert run.traces[run.broken]["state"] == "ERROR"
    assert run.traces[run.leaf]["tags"]["mlflow.traceName"] == "/"


def test_a_second_export_changes_nothing(run):
    assert run.again == run.traces


def test_show_prints_what_was_recorded(run):
    listed = spanlog_json("show", run.archive)
    newest_first = [run.leaf, run.broken, run.whole]
    assert [trace["trace_id"] for trace in listed] == newest_first
    limited = spanlog_json("show", run.archive, "--limit", 1)
    assert [trace["trace_id"] for trace in limited] == newest_first[:1]
    found = [
        {
            "trace_id": id,
            "span_id": span["span_id"],
            "parent_span_id": span.get("parent_span_id") or "",
            "service": span["service"],
            "name": span["name"],
            "start": span["start_time_unix_nano"],
            "end": span["end_time_unix_nano"],
        }
        for id in newest_first
        for span in spanlog_json("show", run.archive, id)["spans"]
    ]
    assert sorted(found, key=lambda span: span["span_id"]) == sorted(
        ({key: span[key] for key in found[0]} for span in run.recorded),
        key=lambda span: span["span_id"],
    )


def test_show_draws_a_tree_with_services_and_errors(run):
    drawing = spanlog("show", run.archive, run.broken).stdout
    for word in ("planner", "coder", "compile", "no such module"):
        assert word in drawing


def test_the_order_of_the_stores_does_not_matter(run, tmp_path):
    directories = [run.folder / "stores" / name for name in ("coder", "planner", "researcher")]
    twice = [*directories, directories[1]]
    for number, order in enumerate((directories, directories[::-1], twice)):
        archive = tmp_path / f"{number}.spanlog"
        spanlog("merge", *order, "-o", archive)
        for id in run.traces:
            assert spanlog_json("show", archive, id) == spanlog_json("show", run.archive, id)


def test_the_merge_accounts_for_every_span(run, tmp_path):
    report = spanlog_json("merge", run.folder / "stores", "-o", tmp_path / "again.spanlog")
    accounting = report["accounting"]
    assert accounting["read"] == accounting["spans_out"] == len(run.recorded)
    assert report["traces"]["total"] == report["traces"]["whole"] == 3


def test_info_counts_the_spans_of_each_service(run):
    found = Counter()
    for store in spanlog_json("info", run.folder / "stores"):
        for recorder in store["recorders"]:
            found[recorder["service"]] += recorder["span_count"]
    assert found == Counter(span["service"] for span in run.recorded)


def compare(run, archive):
    command = [sys.executable, ROOT / "Tools/compare_with_mlflow.py", SPANLOG, archive, run.uri]
    return subprocess.run([*command, EXPERIMENT], capture_output=True, text=True)


def test_the_comparison_of_the_quickstart_finds_what_is_missing(run, tmp_path):
    assert compare(run, run.archive).returncode == 0
    partial = tmp_path / "partial.spanlog"
    stores_without_coder = [run.folder / "stores" / name for name in ("planner", "researcher")]
    spanlog("merge", *stores_without_coder, "-o", partial)
    result = compare(run, partial)
    assert result.returncode == 1
    assert "compile of coder" in result.stderr


def test_the_server_may_be_named_in_the_environment(mlflow_server, tmp_path):
    with Writer(tmp_path / "store") as writer:
        [(trace, span)] = writer.record({"name": "only", "start": 10**18, "end": 10**18 + 1})
        writer.shutdown()
    archive = tmp_path / "traces.spanlog"
    spanlog("merge", tmp_path / "store", "-o", archive)
    environment = {
        "MLFLOW_TRACKING_URI": mlflow_server.uri,
        "MLFLOW_EXPERIMENT_NAME": "from the environment",
    }
    spanlog("export", "mlflow", archive, environment=environment)
    traces = mlflow_traces.read(mlflow_server.uri, "from the environment")
    assert {id: [s["span_id"] for s in t["spans"]] for id, t in traces.items()} == {trace: [span]}


def test_a_deleted_experiment_is_refused_by_name(run):
    client = MlflowClient(run.uri)
    client.delete_experiment(client.create_experiment("deleted before"))
    result = spanlog("export", "mlflow", run.archive, "--tracking-uri", run.uri,
                     "--experiment", "deleted before", check=False)  # fmt: skip
    assert result.returncode == 1
    assert "deleted before" in result.stderr
    assert result.stdout == ""
