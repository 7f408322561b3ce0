"""Programs that trace with MLflow and record, and what their spans say."""

import json
import os
import subprocess
import sys
import textwrap

import call_trees
import stores
from processes import TIME_LIMIT, spanlog
from python_processes import ENVIRONMENT, PROGRAMS

PRELUDE = """
import sys, threading, time
import spanlog.mlflow
recording = spanlog.mlflow.record(sys.argv[1], service_name="py")
import mlflow
from mlflow.tracing import (get_tracing_context_headers_for_http_request as headers,
                            set_tracing_context_from_http_request_headers as join)
REMOTE = {"Traceparent": "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"}
"""


class MlflowPrograms:
    """A process that runs programs which trace with MLflow, one after the other, each in a fork."""

    def __init__(self):
        self.popen = subprocess.Popen(
            [sys.executable, PROGRAMS / "mlflow_programs.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **ENVIRONMENT},
        )

    def run(self, program, store, *arguments, folder, environment=None, check=True):
        """Runs a program behind `PRELUDE`, and returns what it wrote."""
        output = folder.parent / "output"
        command = {
            "program": PRELUDE + textwrap.dedent(program),
            "arguments": [str(store), *map(str, arguments)],
            "folder": str(folder),
            "environment": environment or {},
            "output": str(output),
        }
        self.popen.stdin.write(json.dumps(command) + "\n")
        self.popen.stdin.flush()
        status = self.popen.stdout.readline().strip()
        written = output.read_text()
        assert not check or status == "0", f"{status}: {written}"
        return written

    def stop(self):
        self.popen.stdin.close()
        self.popen.wait(TIME_LIMIT)
        self.popen.stdout.close()


class MlflowRecorder:
    """Runs programs in a folder of their own, with a store beside it."""

    def __init__(self, programs, folder):
        self.programs = programs
        self.folder = folder / "cwd"
        self.store = folder / "store"
        self.output = ""
        self.folder.mkdir()

    def __call__(self, program, *arguments, environment=None):
        """The spans that a program leaves in the store."""
        self.output = self.programs.run(
            program, self.store, *arguments, folder=self.folder, environment=environment
        )
        # No database, no artifacts: nobody asked a tracking server, and nobody made one up.
        assert list(self.folder.iterdir()) == []
        spanlog("verify", self.store)
        return list(call_trees.from_otlp(stores.read_store(self.store)))

    def kill(self, program):
        """Runs a program that dies, and returns its store."""
        self.programs.run(program, self.store, folder=self.folder, check=False)
        return self.store


def values(span):
    """The attributes of a span as Python has them."""
    found = {}
    for key, value in span["attributes"].items():
        kind = value.WhichOneof("value")
        found[key] = getattr(value, kind) if kind else None
    return found


def said(spans):
    """What spans say about their trace: of each key what was said last."""
    found = {}
    for span in spans:
        attributes = values(span)
        for key, value in attributes.items():
            time = attributes.get(f"spanlog.said_at.{key}")
            if time is not None and time >= found.get(key, (0, None))[0]:
                found[key] = (time, value)
    return {key: value for key, (_, value) in found.items()}
