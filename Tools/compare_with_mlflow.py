#!/usr/bin/env python3
"""Compares an archive with what MLflow's own client reads from a server.

    compare_with_mlflow.py SPANLOG ARCHIVE TRACKING_URI EXPERIMENT

SPANLOG is the program `spanlog`. Every trace of the archive must be in the experiment, and every
span there once, with the same parent, name and service, and nothing else. Prints a line for each
trace, then each difference; exits with 1 if there is one.
"""

import json
import logging
import os
import subprocess
import sys

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
logging.getLogger("mlflow").setLevel(logging.ERROR)

from mlflow import MlflowClient  # noqa: E402, as the environment must be set before


def show(spanlog, archive, *trace):
    """What `spanlog show --json` prints."""
    command = [spanlog, "show", archive, *trace, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def archived_spans(spanlog, archive, trace_id):
    """The spans of a trace as (id, parent, name, service), in order."""
    return sorted(
        (span["span_id"], span.get("parent_span_id") or "", span["name"], span["service"])
        for span in show(spanlog, archive, trace_id)["spans"]
    )


def mlflow_spans(trace):
    """The same of a trace of MLflow's."""
    return sorted(
        (span.span_id, span.parent_id or "", span.name, span.get_attribute("service.name"))
        for span in trace.data.spans
    )


def differences(archived, stored):
    """Lines that say what is in one list and not in the other; `-` is missing in MLflow."""
    for sign, ours, theirs in (("-", archived, stored), ("+", stored, archived)):
        rest = list(theirs)
        for span in ours:
            if span in rest:
                rest.remove(span)
            else:
                yield f"{sign} span {span[0]}, parent {span[1] or 'none'}, {span[2]} of {span[3]}"


def main():
    spanlog, archive, uri, experiment_name = sys.argv[1:]
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(experiment_name)
    if experiment is None:
        sys.exit(f"MLflow has no experiment {experiment_name}.")
    stored, token = {}, None
    while token != "":
        page = client.search_traces(
            locations=[experiment.experiment_id], max_results=100, page_token=token
        )
        stored |= {trace.info.trace_id.removeprefix("tr-"): trace for trace in page}
        token = page.token or ""
    archived = [trace["trace_id"] for trace in show(spanlog, archive, "--limit", "1000000")]
    found = [f"+ trace {trace_id}" for trace_id in stored if trace_id not in archived]
    for trace_id in archived:
        if trace_id not in stored:
            found.append(f"- trace {trace_id}")
            continue
        trace = stored[trace_id]
        spans = mlflow_spans(trace)
        services = sorted({span[3] or "?" for span in spans})
        name = trace.info.tags.get("mlflow.traceName", "")
        print(f"    {trace_id} {name:9} {trace.info.state.value:5} {len(spans):3} spans of "
              f"{', '.join(services)}")
        found += differences(archived_spans(spanlog, archive, trace_id), spans)
    print(f"    {uri}/#/experiments/{experiment.experiment_id}/traces")
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found or not archived else 0


if __name__ == "__main__":
    sys.exit(main())
