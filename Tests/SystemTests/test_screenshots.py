"""MLflow's page after an export: what it says, and pictures for a person to look at.
SPANLOG_SCREENSHOTS=FOLDER Tools/test -k screenshots

Needs Chromium (Debian's package `chromium`)."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from chromium import Chromium
from mlflow import MlflowClient
from processes import VOCABULARY, spanlog

FOLDER = os.environ.get("SPANLOG_SCREENSHOTS")
EXPERIMENT = "looked at"
# What MLflow opens by itself for somebody who is there for the first time.
GREETINGS = {
    "mlflow.detectIssues.guidanceShown_v1": True,
    "mlflow.flagForReview.guidanceShown_v1": True,
    "mlflow.assistant.panelOpen_v1": False,
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": True,
}
# Columns that it does not show unless somebody asks.
COLUMNS = dict.fromkeys(["trace_name", "user", "source", "cost"], True)

pytestmark = pytest.mark.skipif(
    not FOLDER, reason="for a person to look at: set SPANLOG_SCREENSHOTS to a folder"
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory, mlflow_server):
    """The addresses of the list of traces, and of traces."""
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
        "experiment": experiment,
        "list": traces,
        **{name: f"{traces}&selectedEvaluationId=tr-{ids[name]}" for name in ("answer", "manual")},
    }


@pytest.fixture(scope="module")
def browser(pages, tmp_path_factory):
    program = shutil.which("chromium") or pytest.fail("install Debian's package chromium")
    storage = GREETINGS | {f"mlflow.traces-v4.columns.{pages['experiment']}_v4": COLUMNS}
    browser = Chromium(program, tmp_path_factory.mktemp("profile"), (2600, 1100), storage)
    yield browser
    browser.close()


@pytest.fixture
def keep(browser):
    """Keeps a picture of what is seen."""

    def keep(name):
        folder = Path(FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.png").write_bytes(browser.picture())

    return keep


def test_the_list_shows_what_is_said_of_traces(pages, browser, keep):
    browser.show(pages["list"], "asked for a length", "1.5 km", "the bridge", "monday", "ada",
                 "planner", "18", "$0.75", "import", "Error")  # fmt: skip
    keep("list")


def test_a_trace_shows_its_tree_inputs_and_outputs(pages, browser, keep):
    browser.show(pages["answer"], "research", "model", "stream", "SURVEY", "How long is it?",
                 "length", "1.5")  # fmt: skip
    keep("trace")


def test_a_span_that_failed_says_why(pages, browser, keep):
    browser.show(pages["answer"], "fail elsewhere", "How long is it?")
    browser.click("fail elsewhere")
    browser.wait("Events")
    browser.click("Events")
    browser.wait("ValueError", "no page")
    keep("failed-span")


def test_an_attachment_is_seen(pages, browser, keep):
    browser.show(pages["answer"], "look", "How long is it?")
    browser.click("look")
    browser.wait("picture", "same")
    widths = "[...document.querySelectorAll('img[alt^=Attachment]')].map(i => i.naturalWidth)"
    browser.until(f"JSON.stringify({widths}) === '[48,48]'")
    keep("attachment")


def test_assessments_are_seen(pages, browser, keep):
    browser.show(pages["answer"], "Assess", "How long is it?")
    browser.click("Assess")
    browser.wait("Feedback (3)", "checked", "stars", "judged", "Expectations (1)", "length")
    keep("assessments")


def test_a_failed_trace_says_so(pages, browser, keep):
    browser.show(pages["manual"], "import", "parse", "Error")
    keep("failed-trace")
