"""Exports to other versions of MLflow, which are installed from PyPI for it when asked:
SPANLOG_MLFLOW_VERSIONS="3.9.0 3.13.0" Tools/test -k mlflow_versions

An environment of each is made in SPANLOG_MLFLOW_ENVIRONMENTS, and in the test's folder without it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from processes import ROOT, VOCABULARY, MLflowServer, Writer, spanlog, spanlog_json

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
# What somebody adds by MLflow's own client, between two exports.
ADD = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
for n in range(3):
    mlflow.set_trace_tag("tr-" + sys.argv[2], f"added {n}", str(n))
mlflow.log_feedback(trace_id="tr-" + sys.argv[2], name="added", value=True)
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


def run(environment, program, *arguments):
    command = [environment / "python", *program, *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


def read(environment, uri, experiment):
    return json.loads(run(environment, ["-c", READ], uri, experiment))


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


def check_values(found, version):
    """What is said of traces, and what MLflow adds up over their spans. Returns the answer's id."""
    [(id, answer)] = [(id, trace) for id, trace in found.items() if trace["tags"].get("read")]
    assert answer["tags"]["mlflow.traceName"] == "the bridge"
    assert answer["metadata"]["mlflow.trace.session"] == "monday"
    assert answer["metadata"]["mlflow.trace.user"] == "ada"
    assert answer["assessments"] == ["checked", "judged", "length", "stars"]
    assert usage(answer) == (11, 7, 18)
    assert sorted(filter(None, map(usage, found.values()))) == [(11, 7, 18), (1000, 10, 1010)]
    if not version.startswith("3.9."):  # which knows no costs
        assert json.loads(answer["metadata"]["mlflow.trace.cost"])["total_cost"] == 0.75
    return id


def usage(trace):
    tokens = json.loads(trace["metadata"].get("mlflow.trace.tokenUsage", "null"))
    return tokens and tuple(tokens[f"{kind}_tokens"] for kind in ("input", "output", "total"))


def test_a_version_has_everything_that_is_in_the_archive(environment, server, archive):
    export = ("export", "mlflow", archive, "--tracking-uri", server.uri, "--experiment", "all")
    assert "Refused" not in spanlog(*export).stderr
    found = read(environment, server.uri, "all")
    check_spans(found, archive)
    id = check_values(found, environment.parent.name)
    # A repetition changes nothing, and leaves what was added meanwhile.
    run(environment, ["-c", ADD], server.uri, id)
    assert "Refused" not in spanlog(*export).stderr
    found[id]["tags"] |= {f"added {n}": f"{n}" for n in range(3)}
    found[id]["assessments"] = ["added", *found[id]["assessments"]]
    assert read(environment, server.uri, "all") == found


def test_a_version_imports_a_file(environment, archive, tmp_path):
    file, database = tmp_path / "traces.jsonl", f"sqlite:///{tmp_path}/imported.db"
    spanlog("export", "mlflow-file", archive, "-o", file)
    importer = [ROOT / "Tools/python/import_mlflow_file.py", file]
    words = ["--tracking-uri", database, "--experiment", "file"]
    run(environment, importer, *words)
    found = read(environment, database, "file")
    check_spans(found, archive)
    id = check_values(found, environment.parent.name)
    run(environment, ["-c", ADD], database, id)
    run(environment, importer, *words)
    found[id]["tags"] |= {f"added {n}": f"{n}" for n in range(3)}
    found[id]["assessments"] = ["added", *found[id]["assessments"]]
    assert read(environment, database, "file") == found


def test_a_version_takes_spans_alone(environment, server, archive):
    result = spanlog("export", "mlflow", archive, "--tracking-uri", server.uri,
                     "--experiment", "spans", "--otlp-only")  # fmt: skip
    assert "Refused" not in result.stderr
    check_spans(read(environment, server.uri, "spans"), archive)
