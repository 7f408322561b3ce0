"""Traces that cross Python and Swift, in real processes over HTTP, until they are in MLflow."""

import itertools
from types import SimpleNamespace

import pytest

import call_trees
import mlflow_traces
import stores
from call_trees import call, post, trace_id, tree, work
from processes import DemoService, spanlog, spanlog_json
from python_processes import PythonService

EXPERIMENT = "mixed trees"
UNSAMPLED = "ef" * 16
KINDS = ("mlflow", "opentelemetry", "swift")


@pytest.fixture(scope="module")
def run(tmp_path_factory, mlflow_server):
    """One service of each kind, each tree once, merged and exported twice."""
    folder = tmp_path_factory.mktemp("trees")
    running = {}
    traces = {}
    try:
        for kind in KINDS[:2]:
            running[kind] = PythonService(kind, kind, folder / "stores" / kind)
        running["swift"] = DemoService("swift", folder / "stores" / "swift")
        for order in itertools.permutations(KINDS):
            root, middle, leaf = (running[kind] for kind in order)
            status, answer = post(root, work("before"), call(middle, call(leaf, work("the leaf"))))
            assert status == 200, answer
            traces[order] = trace_id(answer)
        for kind in KINDS:
            traces[kind] = nested(kind, running)
        traces["failure"] = failure(running)
        for order in itertools.permutations(KINDS):
            unsampled(*(running[kind] for kind in order))
    finally:
        statuses = [service.stop() for service in running.values()]
    assert statuses == [0, 0, 0], [service.output for service in running.values()]

    archive = folder / "traces.spanlog"
    spanlog("verify", folder / "stores")
    report = spanlog_json("merge", folder / "stores", "-o", archive)
    exports = []
    for _ in range(2):
        spanlog("export", "mlflow", archive, "--tracking-uri", mlflow_server.uri,
                "--experiment", EXPERIMENT)  # fmt: skip
        exports.append(mlflow_traces.read(mlflow_server.uri, EXPERIMENT))
    blocks = [block for kind in KINDS for block in stores.read_store(folder / "stores" / kind)]
    return SimpleNamespace(
        traces=traces, report=report, first=exports[0], second=exports[1],
        recorded=list(call_trees.from_otlp(blocks)),
    )  # fmt: skip


def nested(kind, running):
    """Every service calls every other, and the first one is called from two others."""
    others = [running[other] for other in KINDS if other != kind]
    status, answer = post(
        running[kind],
        work(
            "the work",
            call(others[0], call(running[kind], call(others[1], work("deep")))),
            call(others[1], call(running[kind], work("again"))),
            trace={"tags": {"kind": kind}, "session": "s", "user": "ada"},
        ),
    )
    assert status == 200, answer
    return trace_id(answer)


def unsampled(first, second, third):
    """A request whose caller has decided that nothing of it is recorded."""
    header = {"traceparent": f"00-{UNSAMPLED}-{'cd' * 8}-00"}
    status, answer = post(first, call(second, call(third, work("hidden"))), headers=header)
    assert status == 200
    assert answer["traceparent"].startswith(f"00-{UNSAMPLED}-") and answer["traceparent"].endswith("-00")


def failure(running):
    """A step that fails two services deep."""
    status, answer = post(
        running["mlflow"],
        call(running["swift"], call(running["opentelemetry"], work("break", fail="as told"))),
    )
    assert status == 502
    return trace_id(answer)


def call_lines(service, depth, kinds):
    """What a service that is called draws: a span of its own around what happens there."""
    kind = {"mlflow": "", "opentelemetry": " SERVER", "swift": " SERVER"}[service]
    line = f"{'  ' * depth}{service}: /{kind}"
    if not kinds:
        return [line, f"{'  ' * (depth + 1)}{service}: the leaf"]
    client = {"mlflow": "", "opentelemetry": " CLIENT", "swift": " CLIENT"}[service]
    before = [f"{'  ' * (depth + 1)}{service}: before"] if depth == 0 else []
    request = f"{'  ' * (depth + 1)}{service}: POST{client}"
    return [line, *before, request, *call_lines(kinds[0], depth + 2, kinds[1:])]


def of_trace(run, key):
    return [span for span in run.recorded if span["trace_id"] == run.traces[key]]


@pytest.mark.parametrize("order", list(itertools.permutations(KINDS)), ids=" - ".join)
def test_each_kind_of_service_is_root_middle_and_leaf_of_one_trace(run, order):
    assert tree(of_trace(run, order)) == call_lines(order[0], 0, order[1:])


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_that_is_called_again_in_its_own_trace_loses_nothing(run, kind):
    spans = of_trace(run, kind)
    # The work and its two calls, of which the first goes through four services and the second
    # through three; each call is a span at both ends.
    assert len(spans) == 2 + 2 * 3 + 1 + 2 * 2 + 1
    assert sum(not span["parent_span_id"] for span in spans) == 1
    known = {span["span_id"] for span in spans}
    assert all(not s["parent_span_id"] or s["parent_span_id"] in known for s in spans)


def test_what_the_caller_does_not_sample_no_service_records(run):
    assert run.recorded and UNSAMPLED not in {span["trace_id"] for span in run.recorded}


def test_an_error_is_on_every_span_that_it_went_through(run):
    spans = of_trace(run, "failure")
    assert {(span["service"], span["name"]) for span in spans if span["status"] == "ERROR"} == {
        (service, name)
        for service, name in itertools.product(KINDS, ("/", "POST", "break"))
        if (service, name) not in {("opentelemetry", "POST"), ("mlflow", "break"), ("swift", "break")}
    }


def test_all_traces_are_whole(run):
    accounting = run.report["accounting"]
    assert accounting["read"] == accounting["spans_out"] == len(run.recorded)
    assert run.report["traces"]["whole"] == len(run.traces)


def test_mlflow_has_the_same_trees(run):
    assert set(run.first) == set(run.traces.values())
    for key, id in run.traces.items():
        recorded = {span["span_id"]: span for span in of_trace(run, key)}
        found = {span["span_id"]: span for span in run.first[id]["spans"]}
        assert set(found) == set(recorded)
        for span_id, span in found.items():
            for member in ("parent_span_id", "service", "name", "start", "end"):
                assert span[member] == recorded[span_id][member]


def test_session_user_and_tags_are_said_from_either_language(run):
    for kind in ("mlflow", "swift"):
        trace = run.first[run.traces[kind]]
        assert trace["metadata"]["mlflow.trace.session"] == "s"
        assert trace["metadata"]["mlflow.trace.user"] == "ada"
        assert trace["tags"]["kind"] == kind


def test_a_second_export_changes_nothing(run):
    assert run.second == run.first
