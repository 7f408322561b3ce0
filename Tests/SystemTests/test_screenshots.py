"""Pictures of MLflow's page after an export, for a person to look at:
SPANLOG_SCREENSHOTS=FOLDER Tools/test -k screenshots

Needs Chromium (Debian's package `chromium`)."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from mlflow import MlflowClient
from processes import TIME_LIMIT, VOCABULARY, spanlog

FOLDER = os.environ.get("SPANLOG_SCREENSHOTS")
EXPERIMENT = "looked at"

pytestmark = pytest.mark.skipif(
    not FOLDER, reason="for a person to look at: set SPANLOG_SCREENSHOTS to a folder"
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory, mlflow_server):
    """The addresses of the list of traces and of one trace."""
    folder = tmp_path_factory.mktemp("looked-at")
    command = [VOCABULARY, folder / "stores", "answer"]
    ids = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    subprocess.run([VOCABULARY, folder / "stores", "judge", ids["traceparent"]], check=True)
    spanlog("merge", folder / "stores", "-o", folder / "traces.spanlog")
    spanlog("export", "mlflow", folder / "traces.spanlog", "--tracking-uri", mlflow_server.uri,
            "--experiment", EXPERIMENT)  # fmt: skip
    experiment = MlflowClient(mlflow_server.uri).get_experiment_by_name(EXPERIMENT).experiment_id
    traces = f"{mlflow_server.uri}/#/experiments/{experiment}/traces?startTimeLabel=ALL"
    return {
        "list": traces,
        "trace": f"{traces}&selectedEvaluationId=tr-{ids['answer']}",
    }


@pytest.mark.parametrize("name", ["list", "trace"])
def test_a_picture_is_taken(pages, name, tmp_path):
    picture = Path(FOLDER).resolve() / f"{name}.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.unlink(missing_ok=True)
    chromium = shutil.which("chromium") or pytest.fail("install Debian's package chromium")
    subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={tmp_path}", "--window-size=2000,1100", f"--screenshot={picture}",
         # The page loads by itself what it shows: its own clock runs on until it has.
         "--virtual-time-budget=20000", pages[name]],
        check=True, capture_output=True, timeout=TIME_LIMIT,
    )  # fmt: skip
    assert picture.read_bytes().startswith(b"\x89PNG")
