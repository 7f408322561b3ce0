"""`Tools/quickstart` does what the README promises, and leaves no process behind."""

import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from processes import ROOT, TIME_LIMIT


class Quickstart:
    """A run in a session of its own, so that all its processes can be found."""

    def __init__(self, folder, *options):
        # SwiftPM reads all manifests again in an environment that it has not seen before.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        self.popen = subprocess.Popen(
            [ROOT / "Tools/quickstart", "--folder", folder, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            start_new_session=True,
        )

    def wait(self):
        """Returns the exit status and the whole output."""
        output, _ = self.popen.communicate(timeout=3 * TIME_LIMIT)
        return self.popen.returncode, output

    def wait_for(self, text):
        for line in self.popen.stdout:
            if text in line:
                return
        raise AssertionError(f"the output ended before: {text}")

    def processes(self):
        """The process ids of its session that are still running."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # It has just ended.
            if int(fields[3]) == self.popen.pid and fields[0] != "Z":
                found.append(int(stat.parent.name))
        return found

    def left_behind(self):
        """The processes that outlive the run by more than the moment that their end takes."""
        deadline = time.monotonic() + 5
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)  # They are no children of this process, which could be waited for.
        return self.processes()

    def end(self):
        """Makes sure that nothing is left, whatever the test found."""
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def quickstart(tmp_path):
    """Runs the quickstart in a new folder."""
    runs = []

    def start(*options):
        runs.append(Quickstart(tmp_path / "quickstart", *options))
        return runs[-1]

    yield start
    for run in runs:
        run.end()


def test_it_ends_with_whole_traces_in_mlflow_and_no_process(quickstart, tmp_path):
    folder = tmp_path / "quickstart"
    (folder / "stores/left over").mkdir(parents=True)
    (folder / "traces.spanlog").write_text("left over")
    run = quickstart()
    status, output = run.wait()
    assert status == 0, output
    assert "Done: MLflow holds every span" in output
    assert run.left_behind() == []
    assert {path.name for path in (folder / "stores").iterdir()} == {
        "planner", "researcher", "coder",
    }  # fmt: skip
    assert (folder / "mlflow/mlflow.db").exists()


def test_it_keeps_the_server_if_asked_to_and_does_not_disturb_it(quickstart, tmp_path):
    run = quickstart("--keep-server")
    status, output = run.wait()
    assert status == 0, output
    pid = int((tmp_path / "quickstart/mlflow/pid").read_text())
    assert f"kill {pid}" in output
    uri = next(word for word in output.split() if word.startswith("http") and "#" in word)
    with urllib.request.urlopen(uri) as response:
        assert response.status == 200

    status, output = quickstart().wait()
    assert status == 1
    assert f"kill {pid}" in output

    os.kill(pid, signal.SIGTERM)
    assert run.left_behind() == []


@pytest.mark.parametrize(
    "moment, with_signal",
    [("Sending requests", signal.SIGTERM), ("spanlog export mlflow", signal.SIGINT)],
)
def test_an_interrupted_run_leaves_no_process(quickstart, moment, with_signal):
    run = quickstart()
    run.wait_for(moment)
    os.killpg(run.popen.pid, with_signal)
    status, output = run.wait()
    assert status != 0, output
    assert run.left_behind() == []
