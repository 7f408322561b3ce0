"""Exports to other versions of MLflow, which are installed from PyPI for it when asked:
SPANLOG_MLFLOW_VERSIONS="3.9.0 3.13.0" Tools/test -k mlflow_versions

An environment of each is made in SPANLOG_MLFLOW_ENVIRONMENTS, and in the test's folder without it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from processes import VOCABULARY, MLflowServer, Writer, spanlog, spanlog_json

VERSIONS = os.environ.get("SPANLOG_MLFLOW_VERSIONS", "").split()
START = 1_790_000_000_000_000_000
# MLflow's own client of that version says what is there.
READ = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
experiment = client.get_experiment_by_name(sys.argv[2]).experiment_id
found = {}
for trace in client.search_traces([experiment], max_results=500):
    assert client.get_trace(trace.info.trace_id).to_dict() == trace.to_dict()
    found[trace.info.trace_id.removeprefix("tr-")] = {
        "spans": sorted([span.name, span.span_id, span.parent_id or "", span.start_time_ns,
                         span.end_time_ns, span.span_type, span.inputs] for span in trace.data.spans),
        "state": trace.info.state.value,
        "tags": dict(trace.info.tags),
        "metadata": dict(trace.info.trace_metadata),
        "assessments": sorted(assessment.name for assessment in trace.info.assessments),
    }
print(json.dumps(found))
"""


@pytest.fixture(scope="module", params=VERSIONS or [
    pytest.param(None, marks=pytest.mark.skip(
        'takes minutes and PyPI: set SPANLOG_MLFLOW_VERSIONS="3.9.0 3.13.0"'))])  # fmt: skip
def environment(request, tmp_path_factory):
    """The programs of an environment that has a version of MLflow."""
    kept = os.environ.get("SPANLOG_MLFLOW_ENVIRONMENTS")
    folder = Path(kept or tmp_path_factory.mktemp("environments")) / request.param
    if not (folder / "bin/mlflow").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check",
                        f"mlflow=={request.param}"], check=True)  # fmt: skip
    return folder / "bin"


@pytest.fixture
def server(environment, tmp_path):
    server = MLflowServer(tmp_path, program=environment / "mlflow")
    yield server
    server.kill()


def read(environment, server, experiment):
    command = [environment / "python", "-c", READ, server.uri, experiment]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.fixture
def archive(tmp_path):
    """The whole vocabulary, and 100 traces more."""
    command = [VOCABULARY, tmp_path / "stores", "answer"]
    ids = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    subprocess.run([VOCABULARY, tmp_path / "stores", "judge", ids["traceparent"]], check=True)
    with Writer(tmp_path / "stores/many") as writer:
        writer.record(*[{"name": f"{n}", "start": START + n, "end": START + 10**6, "inputs": f"{n}"}
                        for n in range(100)])  # fmt: skip
        writer.shutdown()
    spanlog("merge", tmp_path / "stores", "-o", tmp_path / "traces.spanlog")
    return tmp_path / "traces.spanlog"


def check_spans(found, archive):
    """Whether MLflow has all spans of an archive, and no others."""
    listed = spanlog_json("show", archive, "--limit", 1000)
    assert set(found) == {trace["trace_id"] for trace in listed}
    for id, trace in found.items():
        recorded = {
            (s["name"], s["span_id"], s.get("parent_span_id") or "", s["start_time_unix_nano"])
            for s in spanlog_json("show", archive, id)["spans"]
            if s["name"] != "spanlog.note"
        }
        assert {tuple(span[:4]) for span in trace["spans"]} == recorded


def test_a_version_has_everything_that_is_in_the_archive(environment, server, archive):
    export = ("export", "mlflow", archive, "--tracking-uri", server.uri, "--experiment", "all")
    if environment.parent.name.startswith("3.9."):
        # It fails at the trace information of traces whose token usage it knows already.
        result = spanlog(*export, check=False)
        refusals = [line for line in result.stderr.splitlines() if line.startswith("Refused: ")]
        assert len(refusals) == 2 and all("Dependency rule" in line for line in refusals)
        check_spans(read(environment, server, "all"), archive)
        return
    assert "Refused" not in spanlog(*export).stderr
    found = read(environment, server, "all")
    check_spans(found, archive)
    [answer] = [trace for trace in found.values() if trace["tags"].get("read") == "yes"]
    assert answer["tags"]["mlflow.traceName"] == "the bridge"
    assert answer["metadata"]["mlflow.trace.session"] == "monday"
    assert answer["metadata"]["mlflow.trace.user"] == "ada"
    assert answer["assessments"] == ["checked", "judged", "length", "stars"]
    # A repetition changes nothing.
    spanlog(*export)
    assert read(environment, server, "all") == found


def test_a_version_takes_spans_alone(environment, server, archive):
    result = spanlog("export", "mlflow", archive, "--tracking-uri", server.uri,
                     "--experiment", "spans", "--otlp-only")  # fmt: skip
    assert "Refused" not in result.stderr
    check_spans(read(environment, server, "spans"), archive)
