"""Traces that cross a gap as a file are in MLflow as if they had been exported to it."""

import json
import subprocess
import sys

import mlflow_traces
import pytest
from processes import ROOT, Writer, spanlog

IMPORTER = ROOT / "Tools/python/import_mlflow_file.py"
START = 1_790_000_000_000_000_000
EXPERIMENT = "over the gap"


def run_importer(*words):
    command = [sys.executable, str(IMPORTER), *[str(word) for word in words]]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Values that are easily lost on the way, in three traces."""
    folder = tmp_path_factory.mktemp("gap")
    texts = ["plain", "42", "true", "", '{"a": 1}', "[1, 2]", '"quoted"', "ü\n\t\\ \u2028", "NaN"]
    values = {f"text {number}": {"string": [text]} for number, text in enumerate(texts)}
    values |= {
        "int": {"int64": [str(2**63 - 1)]}, "double": {"double": ["0.1"]},
        "not a number": {"double": ["nan"]}, "yes": {"bool": ["true"]},
        "texts": {"stringArray": ["a", '{"b": 2}']}, "ints": {"int64Array": ["1", "-2"]},
        "session.id": {"string": ["s 1"]}, "mlflow.traceTag.team": {"string": ["history"]},
    }  # fmt: skip
    with Writer(folder / "store", "planner") as writer:
        [(trace, root)] = writer.record({
            "name": "root", "start": START, "end": START + 10**9, "attributes": values,
            "type": "AGENT", "inputs": '{"question": "größer?"}', "outputs": "[1, null]"})  # fmt: skip
        header = {"traceparent": f"00-{trace}-{root}-01"}
        writer.record(
            {"name": "child", "start": START + 1, "end": START + 2, "headers": header,
             "status": {"code": "error", "message": "no such module"},
             "events": [{"name": "said", "time": START + 1,
                         "attributes": {"json": {"string": ['{"c": 3}']},
                                        "not a number": {"double": ["nan"]}}}],
             "links": [{"headers": header, "attributes": {"why": {"string": ["follows"]}}}]},
            {"name": "alone", "start": START + 5, "end": START + 6},
            {"name": "without its root", "start": START + 7, "end": START + 8,
             "headers": {"traceparent": f"00-{'c' * 32}-{'d' * 16}-01"}},
        )  # fmt: skip
        writer.shutdown()
    spanlog("merge", folder / "store", "-o", folder / "traces.spanlog")
    return folder / "traces.spanlog"


def comparable(traces):
    """Without what names the place where MLflow keeps a trace's files."""
    for trace in traces.values():
        del trace["tags"]["mlflow.artifactLocation"]
    return traces


def test_a_file_brings_the_same_traces_as_an_export_to_a_server_however_often(
    archive, tmp_path, mlflow_server
):
    spanlog("export", "mlflow", archive, "--tracking-uri", mlflow_server.uri,
            "--experiment", EXPERIMENT)  # fmt: skip
    expected = comparable(mlflow_traces.read(mlflow_server.uri, EXPERIMENT))
    assert len(expected) == 3

    file, database = tmp_path / "traces.jsonl", f"sqlite:///{tmp_path}/mlflow.db"
    result = spanlog("export", "mlflow-file", archive, "-o", file)
    assert "Wrote 3 traces (4 spans)" in result.stdout
    for _ in range(2):
        imported = run_importer(file, "--tracking-uri", database, "--experiment", EXPERIMENT)
        assert imported.returncode == 0, imported.stderr
        assert imported.stdout.startswith("Imported 3 traces (4 spans)")
        assert comparable(mlflow_traces.read(database, EXPERIMENT)) == expected


def test_a_file_goes_to_a_server_too(archive, tmp_path, mlflow_server):
    file = tmp_path / "traces.jsonl"
    spanlog("export", "mlflow-file", archive, "-o", file)
    run_importer(file, "--tracking-uri", mlflow_server.uri, "--experiment", "by the importer")
    traces = mlflow_traces.read(mlflow_server.uri, "by the importer")
    assert sum(len(trace["spans"]) for trace in traces.values()) == 4


def test_a_file_holds_the_traces_that_were_asked_for_and_replaces_what_was_there(
    archive, tmp_path
):
    file = tmp_path / "traces.jsonl"
    file.write_text("before")
    spanlog("export", "mlflow-file", archive, "-o", file, "--status", "ok")
    lines = [json.loads(line) for line in file.read_text().strip().split("\n")]
    assert {line["info"]["state"] for line in lines} == {"OK"}
    assert len(lines) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["traces.jsonl"]


def test_a_damaged_line_is_named_and_the_others_are_imported(archive, tmp_path):
    file = tmp_path / "traces.jsonl"
    spanlog("export", "mlflow-file", archive, "-o", file)
    lines = file.read_text().strip().split("\n")
    file.write_text("\n".join([lines[0], lines[1][:100], "{}", lines[2]]))
    result = run_importer(
        file, "--tracking-uri", f"sqlite:///{tmp_path}/mlflow.db", "--experiment", "damaged")
    assert result.returncode == 1
    assert "line 2" in result.stderr and "line 3" in result.stderr
    assert "Imported 2 traces" in result.stdout


def test_wrong_paths_are_refused_by_name(archive, tmp_path):
    result = spanlog("export", "mlflow-file", archive, "-o", tmp_path / "no/file", check=False)
    assert result.returncode == 1
    assert f"Cannot write {tmp_path}/no/file" in result.stderr
    result = run_importer(tmp_path / "none", "--tracking-uri", "sqlite://", "--experiment", "x")
    assert result.returncode == 2
    assert "is no file" in result.stderr
