"""Services on hosts whose clocks are seconds apart, and one of which is set in between.

After a merge, no span starts before the one that caused it, and what the merge says of each clock is
true within the bound that it prints.
"""

import time

import pytest
from call_trees import call, post, work
from hosts import LIBRARIES, Host, can_be_made, remove_shared_memory
from processes import DemoService, spanlog, spanlog_json

SECOND = 10**9
OFFSETS = {"planner": 0, "ahead": 3, "behind": -3, "stepping": 0.25}
STEP = -1.5
SIBLINGS = "ab" * 16


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The archive of what four services recorded, and the clock domain of each one's host."""
    if not LIBRARIES:
        pytest.skip("libfaketime is not installed: run Tools/setup")
    if not can_be_made():
        pytest.skip("this machine lets no process have mounts of its own")
    folder = tmp_path_factory.mktemp("clocks")
    hosts = {name: Host(folder / "hosts" / name, f"{offset:+}") for name, offset in OFFSETS.items()}
    services = {
        name: DemoService(name, folder / "stores" / name, launcher=host.launcher)
        for name, host in hosts.items()
    }
    try:
        # The longer time without a step is that before it.
        call_for(4, services)
        hosts["stepping"].clock.set_by(f"{OFFSETS['stepping'] + STEP:+}")
        call_for(2, services)
        # Siblings on several hosts: who called them is not known.
        for service in services.values():
            post(service, headers={"traceparent": f"00-{SIBLINGS}-{'cd' * 8}-01"})
    finally:
        statuses = [service.stop() for service in services.values()]
        remove_shared_memory()
    assert statuses == [0] * len(services), [service.output for service in services.values()]
    spanlog("merge", folder / "stores", "-o", folder / "archive")
    return folder / "archive", {name: host.domain for name, host in hosts.items()}


def call_for(seconds, services):
    """Sends requests that go through all services, in several orders, for so long."""
    planner, *others = services.values()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        steps = [
            call(first, call(second, work("think")), call(third))
            for first in others
            for second in others
            for third in others
            if len({first, second, third}) == 3
        ]
        status, answer = post(planner, *steps)
        assert status == 200, answer


def traces(archive, *options):
    for trace in spanlog_json("show", archive, "--limit", "10000"):
        yield spanlog_json("show", archive, trace["trace_id"], *options)["spans"]


def lead_of_parents(spans):
    """How much later than its parent each span starts."""
    starts = {span["span_id"]: span["start_time_unix_nano"] for span in spans}
    return [
        span["start_time_unix_nano"] - starts[span["parent_span_id"]]
        for span in spans
        if span.get("parent_span_id") in starts
    ]


def test_no_child_starts_before_its_parent(archive):
    path, _ = archive
    leads = [lead for spans in traces(path) for lead in lead_of_parents(spans)]
    assert len(leads) > 500
    assert min(leads) >= 0
    # As the clocks had it, some start seconds before.
    raw = [lead for spans in traces(path, "--raw-time") for lead in lead_of_parents(spans)]
    assert len(raw) == len(leads) and min(raw) < -2 * SECOND


def test_the_true_offsets_lie_within_the_printed_bounds(archive):
    path, domain_of = archive
    report = spanlog_json("clock", path)
    found = {domain["domain"]: domain for domain in report["domains"]}
    assert set(found) == set(domain_of.values())
    [reference] = [name for name, domain in domain_of.items() if domain == report["reference"]]
    for name, domain in domain_of.items():
        if name == reference:
            assert found[domain]["method"] == "reference"
            continue
        assert found[domain]["method"] == "bounded"
        summary = found[domain]["summary"]
        true = (OFFSETS[reference] - OFFSETS[name]) * SECOND
        bound = summary["bound_greatest_ns"]
        assert abs(summary["offset_at_start_ns"] - true) <= bound < SECOND // 20
        assert abs(summary["offset_at_end_ns"] - true) <= bound
    steps = {name: found[domain]["steps"] for name, domain in domain_of.items()}
    assert steps == {"planner": 0, "ahead": 0, "behind": 0, "stepping": 1}


def test_siblings_that_are_closer_than_their_clocks_are_known_are_marked(archive, tmp_path):
    path, _ = archive
    spans = spanlog_json("show", path, SIBLINGS)["spans"]
    siblings = [span for span in spans if span["kind"] == "server"]
    assert len(siblings) == len(OFFSETS)
    for before, after in zip(siblings, siblings[1:]):
        difference = after["start_time_unix_nano"] - before["start_time_unix_nano"]
        uncertainty = before["clock"]["bound_ns"] + after["clock"]["bound_ns"]
        if difference > uncertainty:
            assert "order_doubt" not in after
        else:
            doubt = {"span_id": before["span_id"], "uncertainty_ns": uncertainty}
            assert after["order_doubt"] == doubt
    # Clocks that were not aligned do not know any order.
    unaligned = tmp_path / "archive"
    spanlog("merge", path.parent / "stores", "-o", unaligned, "--clock", "off")
    drawn = spanlog("show", unaligned, SIBLINGS).stdout
    assert drawn.count("≈ order unknown: clocks were not aligned") == len(OFFSETS) - 1
    assert "≈" not in spanlog("show", unaligned, SIBLINGS, "--raw-time").stdout


def test_durations_are_those_that_passed(archive):
    path, _ = archive
    for corrected, raw in zip(traces(path), traces(path, "--raw-time")):
        durations = [
            {s["span_id"]: s["end_time_unix_nano"] - s["start_time_unix_nano"] for s in spans}
            for spans in (corrected, raw)
        ]
        assert durations[0].keys() == durations[1].keys()
        for span, duration in durations[0].items():
            # Drift of the clocks is corrected as well.
            assert abs(duration - durations[1][span]) < 100_000


def test_the_report_of_the_merge_names_offsets_and_bounds(archive, tmp_path):
    path, domain_of = archive
    stores = path.parent / "stores"
    merged = spanlog("merge", stores, "-o", tmp_path / "out").stdout
    lines = [line for line in merged.splitlines() if line.startswith("clock of ")]
    assert len(lines) == 4
    assert sum("±" in line for line in lines) == 3
    assert sum("set 1 × in between" in line for line in lines) == 1
    report = spanlog_json("merge", stores, "--dry-run")
    assert report["clocks"] == spanlog_json("clock", path)
    assert report["digest"] == spanlog_json("merge", stores, "--dry-run", "--clock", "off")["digest"]


def test_the_table_and_the_drawing_name_every_clock(archive, tmp_path):
    path, domain_of = archive
    table = spanlog("clock", path).stdout
    assert all(domain in table for domain in domain_of.values())
    drawn = spanlog("clock", path, "--plot").stdout
    assert drawn.startswith(table) and "⠉" <= max(drawn) <= "⣿"
    spanlog("clock", path, "--plot", tmp_path / "drawing")
    assert (tmp_path / "drawing").read_text() == drawn.removeprefix(table + "\n")


def test_offsets_by_hand_are_taken(archive, tmp_path):
    path, domain_of = archive
    file = tmp_path / "offsets.json"
    file.write_text(
        '{"format": "spanlog-clock 1", "domains": {"%s": {"offset_ns": -3000000000, "bound_ns": 9}}}'
        % domain_of["ahead"]
    )
    by_hand = tmp_path / "archive"
    spanlog("merge", path.parent / "stores", "--clock", "manual", file, "-o", by_hand)
    spans = [span for spans in traces(by_hand) for span in spans if span["service"] == "ahead"]
    assert spans
    for span in spans:
        clock = span["clock"]
        assert (clock["method"], clock["offset_ns"], clock["bound_ns"]) == ("manual", -3 * SECOND, 9)
