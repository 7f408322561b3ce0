#!/usr/bin/env python3
"""Brings a file of `spanlog export mlflow-file` to MLflow, with nothing but Python and MLflow.

    python import_mlflow_file.py traces.jsonl --tracking-uri sqlite:///mlflow.db --experiment NAME

The tracking URI may be that of a server or of a database. Traces and spans keep their ids, and
importing a file again leaves what is there as it is. It needs MLflow 3.9 or newer.
"""

import argparse
import base64
import json
import logging
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# A server that fails is asked again for 14 seconds, and not for minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")

# The bar is redrawn after so many traces.
TRACES_PER_STEP = 20
ARTIFACT_LOCATION = "mlflow.artifactLocation"
# The tags in which MLflow keeps books of its own.
BOOKS = {ARTIFACT_LOCATION, "mlflow.trace.spansLocation"}
TOKEN_USAGE = "mlflow.trace.tokenUsage"


def arguments(words=None):
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="MLFLOW_TRACKING_URI may name the place, too."
    )
    parser.add_argument("file", type=Path, help="what `spanlog export mlflow-file` wrote")
    parser.add_argument("--tracking-uri", default=os.environ.get("MLFLOW_TRACKING_URI"))
    parser.add_argument("--experiment", required=True, help="created if there is none")
    parsed = parser.parse_args(words)
    if not parsed.tracking_uri:
        parser.error("give --tracking-uri, or set MLFLOW_TRACKING_URI")
    if not parsed.file.is_file():
        parser.error(f"{parsed.file} is no file: name one of `spanlog export mlflow-file`")
    return parsed


class Importer:
    """Stores traces in one experiment."""

    def __init__(self, tracking_uri, experiment):
        # MLflow takes seconds to load, which a wrong command line need not wait for.
        import mlflow
        from mlflow.tracing.client import TracingClient

        logging.getLogger("mlflow").setLevel(logging.ERROR)
        mlflow.set_tracking_uri(tracking_uri)
        self.experiment_id = self._experiment_id(mlflow.MlflowClient(tracking_uri), experiment)
        self.client = TracingClient(tracking_uri)
        self.replaces_traces = False

    @staticmethod
    def _experiment_id(client, name):
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            return client.create_experiment(name)
        if experiment.lifecycle_stage == "deleted":
            raise ValueError(f"the experiment {name} is deleted: restore it, or name another")
        return experiment.experiment_id

    def add(self, line):
        """Stores the trace of a line and returns the number of its spans."""
        from mlflow.entities import Trace, TraceLocation
        from mlflow.exceptions import MlflowException

        line = json.loads(line)
        try:
            trace = Trace.from_dict({"info": line["info"], "data": line["data"]})
        except MlflowException as error:
            raise ValueError(str(error)) from error
        trace.info.trace_location = TraceLocation.from_experiment_id(self.experiment_id)
        self.client.log_spans(self.experiment_id, trace.data.spans)
        stored = self._store_info(trace.info, line.get("token_usage"))
        self._add_attachments(stored, line.get("attachments") or [])
        return len(trace.data.spans)

    def _store_info(self, info, token_usage):
        """MLflow up to 3.9 takes what is said of a trace for all there is, and fails where it has more,
        such as the token usage that it read from the spans. There, what it has is said again."""
        from mlflow.exceptions import MlflowException

        if not self.replaces_traces:
            try:
                return self.client.start_trace(info)
            except MlflowException:
                pass
        keep_what_is_stored(info, self.client.get_trace_info(info.trace_id), token_usage)
        stored = self.client.start_trace(info)
        self.replaces_traces = True
        return stored

    @staticmethod
    def _add_attachments(info, attachments):
        if not attachments:
            return
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        repository = get_artifact_repository(info.tags[ARTIFACT_LOCATION])
        with tempfile.TemporaryDirectory() as folder:
            for attachment in attachments:
                file = Path(folder) / attachment["id"]
                file.write_bytes(base64.b64decode(attachment["content"]))
                repository.log_artifact(str(file), "attachments")


def keep_what_is_stored(info, stored, token_usage):
    """Adds to what is said of a trace what else is known of it."""
    metadata = dict(stored.trace_metadata)
    # MLflow 3.9 adds up again what is sent again.
    if token_usage:
        metadata[TOKEN_USAGE] = token_usage
    info.trace_metadata = {**metadata, **info.trace_metadata}
    tags = {key: value for key, value in stored.tags.items() if key not in BOOKS}
    info.tags = {**tags, **info.tags}
    said = {assessment.assessment_id for assessment in info.assessments}
    info.assessments += [a for a in stored.assessments if a.assessment_id not in said]


class Progress:
    """A bar on a terminal, and nothing elsewhere."""

    def __init__(self, byte_count):
        self.byte_count = max(byte_count, 1)
        self.is_shown = sys.stderr.isatty()

    def update(self, byte_count, trace_count):
        if self.is_shown and trace_count % TRACES_PER_STEP == 0:
            done = byte_count / self.byte_count
            bar = "#" * int(30 * done)
            print(f"\rImporting [{bar:<30}] {done:4.0%} {trace_count} traces", end="",
                  file=sys.stderr)  # fmt: skip

    def finish(self):
        if self.is_shown:
            print("\r\033[K", end="", file=sys.stderr)


def import_file(path, importer):
    """Imports every line and returns the numbers of traces, of spans, and of what was refused."""
    traces = spans = refused = done = 0
    progress = Progress(path.stat().st_size)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            done += len(line)
            try:
                spans += importer.add(line)
                traces += 1
            except (KeyError, TypeError, ValueError) as error:
                # A line that is damaged keeps no other from its place.
                refused += 1
                progress.finish()
                print(f"Refused: {path}, line {number}: {error!r}", file=sys.stderr)
            progress.update(done, traces)
    progress.finish()
    return traces, spans, refused


def main():
    options = arguments()
    try:
        importer = Importer(options.tracking_uri, options.experiment)
        traces, spans, refused = import_file(options.file, importer)
    except ImportError:
        sys.exit("MLflow is not installed: run `pip install mlflow` (3.9 or newer)")
    except Exception as error:
        sys.exit(f"The import stopped, and may be repeated: {error}")
    print(f'Imported {traces} traces ({spans} spans) into the experiment "{options.experiment}"')
    sys.exit(1 if refused else 0)


if __name__ == "__main__":
    main()
