"""Gunicorn's workers, forked from a process that records, have recorders of their own."""

import os
import signal
import sys

import pytest
import requests

import call_trees
import stores
from processes import TIME_LIMIT, Process, free_port, spanlog, spanlog_json
from python_mlflow import values
from python_processes import ENVIRONMENT, PROGRAMS

REMOTE = {"Traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
REQUESTS = 40


class Gunicorn(Process):
    """Two workers on loopback that record into ``store``."""

    def __init__(self, store, *options):
        self.url = f"http://127.0.0.1:{free_port()}"
        command = [
            sys.executable, "-m", "gunicorn", "--bind", self.url.removeprefix("http://"), "--workers", "2",
            "--preload", "--chdir", PROGRAMS, *options, "prefork:app",
        ]  # fmt: skip
        environment = {**ENVIRONMENT, "SPANLOG_DIR": str(store), "PYTHONDONTWRITEBYTECODE": "1"}
        super().__init__(command, "Booting worker", environment)

    def ask(self, *names):
        """Sends a request for each name, and returns the processes that answered."""
        return {requests.post(f"{self.url}/{name}", headers=REMOTE, timeout=TIME_LIMIT).text
                for name in names}  # fmt: skip


@pytest.mark.parametrize("options", [[], ["--worker-class", "gthread", "--threads", "4"]],
                         ids=["sync", "threads"])  # fmt: skip
def test_every_worker_records_into_a_spool_of_its_own(tmp_path, options):
    store = tmp_path / "store"
    server = Gunicorn(store, *options)
    workers = server.ask(*(f"request-{number}" for number in range(REQUESTS)))
    assert server.stop() == 0, server.output
    spanlog("verify", store)
    assert not list(store.glob("*.spool"))
    recorders = {}
    for block in stores.read_store(store):
        recorders.setdefault(block.recorder, []).append(block)
    spans = {key: list(call_trees.from_otlp(blocks)) for key, blocks in recorders.items()}
    assert sorted(span["name"] for found in spans.values() for span in found) == sorted(
        ["loading", *(f"request-{number}" for number in range(REQUESTS))]
    )
    for key, found in spans.items():
        # One recorder is one process, as its resource and what its spans say agree.
        resource = recorders[key][0].data.resource_spans[0].resource
        [process] = [a.value.int_value for a in resource.attributes if a.key == "process.pid"]
        assert {values(span).get("worker", process) for span in found} == {process}
    assert {str(process) for process in workers} <= {
        str(values(span)["worker"]) for found in spans.values() for span in found if span["name"] != "loading"
    }


def test_a_worker_that_is_killed_loses_nothing_and_its_successor_goes_on(tmp_path):
    store = tmp_path / "store"
    server = Gunicorn(store)
    before = server.ask(*(f"before-{number}" for number in range(10)))
    for worker in before:
        os.kill(int(worker), signal.SIGKILL)
    after = server.ask(*(f"after-{number}" for number in range(10)))
    assert before.isdisjoint(after)
    assert server.stop() == 0, server.output
    report = spanlog_json("merge", store, "-o", tmp_path / "archive")
    assert report["accounting"]["spans_out"] == 21
    assert report["traces"]["unfinished"] == 0
