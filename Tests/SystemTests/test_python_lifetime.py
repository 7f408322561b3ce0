"""Threads, signals, forks and the end of a process: none of them costs a span in Python."""

import gc
import signal
import threading
from collections import Counter

import pytest

import stores
from processes import spanlog, spanlog_json
from python_processes import run
from spanlog import Recorder


def test_many_threads_record_at_once(provider, tmp_path):
    tracer = provider.get_tracer("t")

    def work(thread):
        for number in range(500):
            with tracer.start_as_current_span(f"{thread}.{number}"):
                tracer.start_span(f"{thread}.{number} inner").end()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    provider.shutdown()
    counts = Counter(span.name for span in stores.read_spans(tmp_path / "store"))
    assert len(counts) == 8 * 500 * 2 and set(counts.values()) == {1}


def test_a_signal_handler_may_end_spans_and_flush_while_spans_end(provider, tmp_path):
    tracer = provider.get_tracer("t")
    counts = Counter()

    def handler(*_):
        counts["signal"] += 1
        tracer.start_span("signal").end()
        provider.force_flush(100)
        signal.setitimer(signal.ITIMER_REAL, 0.0007)

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0007)
    try:
        while counts["signal"] < 100:
            tracer.start_span("main").end()
            counts["main"] += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    provider.shutdown()
    assert Counter(span.name for span in stores.read_spans(tmp_path / "store")) == counts
    spanlog("verify", tmp_path / "store")


FORKING = """
import multiprocessing, os, sys, threading
from opentelemetry.sdk.trace import TracerProvider
from spanlog import SpanLogProcessor

provider = TracerProvider()
provider.add_span_processor(SpanLogProcessor(sys.argv[1]))
tracer = provider.get_tracer("t")
kept = tracer.start_span("open in the parent")
tracer.start_span("parent before").end()

def child(number):
    with tracer.start_as_current_span(f"child {number}"):
        pass

stop = threading.Event()
def churn():
    while not stop.is_set():
        tracer.start_span("churn").end()
thread = threading.Thread(target=churn)
thread.start()
context = multiprocessing.get_context("fork")
processes = [context.Process(target=child, args=(n,)) for n in range(4)]
for process in processes: process.start()
for process in processes: process.join()
pid = os.fork()
if pid == 0:
    child("of os.fork")
    sys.exit(0)
os.waitpid(pid, 0)
if os.fork() == 0:
    os._exit(0)
os.wait()
stop.set()
thread.join()
tracer.start_span("parent after").end()
"""


def test_forked_processes_have_recorders_of_their_own(tmp_path):
    run(FORKING, tmp_path)
    spanlog("verify", tmp_path)
    names = {}
    for block in stores.read_store(tmp_path):
        names.setdefault(block.recorder, Counter()).update(s.name for s in block.spans)
    own = [set(spans) - {"churn"} for spans in names.values()]
    parent = {"parent before", "parent after", "open in the parent"}
    assert sorted(map(sorted, own)) == sorted(
        [sorted(parent), *[[f"child {n}"] for n in (0, 1, 2, 3, "of os.fork")]]
    )
    # Every child was at its end, and nobody left a spool.
    assert not list(tmp_path.glob("*.spool"))


STARTING = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from opentelemetry.sdk.trace import TracerProvider
from spanlog import SpanLogProcessor

provider = TracerProvider()
provider.add_span_processor(SpanLogProcessor(sys.argv[1]))

def work(number):
    provider.get_tracer("t").start_span(f"child {number}").end()

if __name__ == "__main__":
    provider.get_tracer("t").start_span("parent").end()
    context = multiprocessing.get_context(sys.argv[2])
    processes = [context.Process(target=work, args=(n,)) for n in range(2)]
    for process in processes: process.start()
    for process in processes: process.join()
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(work, range(2, 12)))
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_of_multiprocessing_keep_what_they_recorded(tmp_path, method):
    program = tmp_path / "program.py"
    program.write_text(STARTING)
    again = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]], check=True)"
    run(again, program, tmp_path / "store", method)
    names = sorted(span.name for span in stores.read_spans(tmp_path / "store"))
    assert names == sorted(["parent", *(f"child {number}" for number in range(12))])
    assert not list((tmp_path / "store").glob("*.spool"))


def test_a_child_that_lives_does_not_make_its_dead_parent_look_alive(tmp_path):
    program = """
import os, sys, time
from opentelemetry.sdk.trace import TracerProvider
from spanlog import SpanLogProcessor
provider = TracerProvider()
provider.add_span_processor(SpanLogProcessor(sys.argv[1]))
provider.get_tracer("t").start_span("of the parent").end()
if os.fork():
    os.kill(os.getpid(), 9)
os.close(1); os.close(2)
time.sleep(30)
"""
    result = run(program, tmp_path, check=False)
    assert result.returncode == -signal.SIGKILL
    [spool] = tmp_path.glob("*.spool")
    spanlog("compact", tmp_path)
    assert not spool.exists(), "the spool of a dead recorder was taken for that of a living one"
    subject = spanlog_json("info", tmp_path)
    assert sum(r["span_count"] for s in subject for r in s["recorders"]) == 1


def test_everything_is_durable_at_the_end_of_a_program(tmp_path):
    run(
        """
import sys
from opentelemetry.sdk.trace import TracerProvider
from spanlog import SpanLogProcessor
provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(SpanLogProcessor(sys.argv[1]))
for number in range(100):
    provider.get_tracer("t").start_span(str(number)).end()
""",
        tmp_path,
    )
    assert len(stores.read_spans(tmp_path)) == 100
    assert not list(tmp_path.glob("*.spool"))


def test_a_recorder_that_nobody_uses_any_more_ends(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.spool.append(b"\n\x10" + b"1" * 16 + b"\x12\x08" + b"2" * 8, 1, 2)
    before = threading.active_count()
    del recorder
    gc.collect()
    assert threading.active_count() < before
    assert len(stores.read_spans(tmp_path)) == 1
    assert not list(tmp_path.glob("*.spool"))
