"""Programs that trace with MLflow and record, and what their spans say."""

import textwrap

import call_trees
import stores
from processes import spanlog
from python_processes import run

PRELUDE = """
import sys, threading, time
import spanlog.mlflow
recording = spanlog.mlflow.record(sys.argv[1], service_name="py")
import mlflow
from mlflow.tracing import (get_tracing_context_headers_for_http_request as headers,
                            set_tracing_context_from_http_request_headers as join)
REMOTE = {"Traceparent": "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"}
"""


class MlflowRecorder:
    """Runs programs, each behind `PRELUDE`, in a folder of their own, with a store beside it."""

    def __init__(self, folder):
        self.folder = folder / "cwd"
        self.store = folder / "store"
        self.output = ""
        self.folder.mkdir()

    def __call__(self, program, *arguments, environment=None):
        """The spans that a program leaves in the store."""
        program = PRELUDE + textwrap.dedent(program)
        result = run(program, self.store, *arguments, cwd=self.folder, environment=environment)
        self.output = result.stdout
        # No database, no artifacts: nobody asked a tracking server, and nobody made one up.
        assert list(self.folder.iterdir()) == []
        spanlog("verify", self.store)
        return list(call_trees.from_otlp(stores.read_store(self.store)))


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
