"""Python programs that record, as processes of this one."""

import os
import subprocess
import sys
from pathlib import Path

from processes import ROOT, TIME_LIMIT, Process
from streams import Stream

PACKAGE = ROOT / "Tools/python/src"
PROGRAMS = Path(__file__).parent / "Python"
EXAMPLES = ROOT / "Tools/python/examples"
ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join([str(PACKAGE), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def run(program, *arguments, check=True, environment=None, cwd=None):
    """Runs a program of Python, given as text, to its end."""
    result = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        cwd=cwd,
        env={**os.environ, **ENVIRONMENT, **(environment or {})},
    )
    if check:
        assert result.returncode == 0, result.stdout + result.stderr
    return result


def python_stream(store, prefix, **options):
    """`streams.Stream`, recorded by Python."""
    environment = {**ENVIRONMENT, **options.pop("environment", {})}
    launcher = (sys.executable, PROGRAMS / "stream.py")
    return Stream(store, prefix, environment=environment, launcher=launcher, **options)


class PythonService(Process):
    """A service in Python on a free port, which takes the steps that demo services take.

    ``kind`` is ``mlflow`` or ``opentelemetry``: whose tracing it uses.
    """

    def __init__(self, kind, name, store, environment=None):
        self.name = name
        self.store = store
        command = [sys.executable, PROGRAMS / "service.py", kind, name, store]
        super().__init__(command, "listening on ", {**ENVIRONMENT, **(environment or {})})
        self.url = self.output.split("listening on ")[1].strip() + "/"
