"""What recording costs in Python: the caller's CPU time for a span with four attributes, beside that of
OpenTelemetry's SDK alone and of MLflow's.

    Tools/bench python [record|rate|mlflow]

`record` takes slices of a few hundred spans in turn, recorded and not, and prints medians, which say the
same on a machine that others use too. `rate` records 5,000
spans a second for a minute (`seconds=60`), and says what was lost, how late `end()` was, and how much
memory the process took. `mlflow` does as `record` through MLflow's calls, against the same with an
exporter that throws everything away.
"""

import itertools
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

from opentelemetry import trace  # noqa: E402
from opentelemetry.sdk.resources import Resource  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402

from spanlog import SpanLogProcessor  # noqa: E402

RUNS, SLICES, SPANS = 7, 400, 400


def provider_with(*processors):
    provider = TracerProvider(resource=Resource.create({"service.name": "bench"}))
    for processor in processors:
        provider.add_span_processor(processor)
    return provider


def make_span(tracer, context, number):
    span = tracer.start_span("handle request", context=context)
    span.set_attribute("http.request.method", "GET")
    span.set_attribute("url.path", f"/v1/orders/{number}")
    span.set_attribute("http.response.status_code", 200)
    span.set_attribute("server.load", 0.75)
    span.end()


def slices_of(provider):
    """Returns what makes a slice of spans, and returns microseconds of CPU time of this thread for
    each."""
    tracer = provider.get_tracer("bench", "1.0")
    context = trace.set_span_in_context(tracer.start_span("root"))
    numbers = itertools.count()

    def slice():
        start = time.thread_time_ns()
        for _ in range(SPANS):
            make_span(tracer, context, next(numbers))
        return (time.thread_time_ns() - start) / SPANS / 1000

    return slice


def with_store(measure):
    """Measures with a recorder, of which nothing may be lost."""
    store = tempfile.mkdtemp(prefix="spanlog-bench-")
    processor = SpanLogProcessor(store)
    try:
        result = measure(provider_with(processor))
        assert processor.force_flush(), "not everything became durable"
        assert processor.dropped_span_count == 0, f"{processor.dropped_span_count} spans were lost"
        return result
    finally:
        processor.shutdown()
        shutil.rmtree(store)


def record():
    def measure(provider):
        alone, recorded = slices_of(provider_with()), slices_of(provider)
        times = []
        for number in range(SLICES):
            times.append((alone(), recorded()) if number % 2 else (recorded(), alone())[::-1])
            if number % 10 == 9:
                provider.force_flush()
        return times

    times = with_store(measure)
    alone, recorded = (statistics.median(each) for each in zip(*times, strict=True))
    quarters = statistics.quantiles((r - a for a, r in times), n=4)
    print(f"OpenTelemetry's SDK alone   {alone:6.1f} µs a span")
    print(f"with SpanLogProcessor       {recorded:6.1f} µs a span")
    print(f"SpanLog's part              {quarters[1]:6.1f} µs a span, half of the slices "
          f"{quarters[0]:.1f} to {quarters[2]:.1f}, {quarters[1] / alone:.2f} of the SDK's")  # fmt: skip


def rate(seconds=60, per_second=5_000):
    def measure(provider):
        tracer = provider.get_tracer("bench", "1.0")
        context = trace.set_span_in_context(tracer.start_span("root"))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start, cpu = time.monotonic(), time.process_time()
        durations = []
        for number in range(int(seconds * per_second)):
            wait = start + number / per_second - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            began = time.perf_counter_ns()
            make_span(tracer, context, number)
            durations.append(time.perf_counter_ns() - began)
        took = time.monotonic() - start
        provider.force_flush()
        growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        durations.sort()
        percentiles = [durations[int(len(durations) * part)] / 1000 for part in (0.5, 0.99, 0.9999)]
        print(f"{len(durations)} spans in {took:.1f} s, {len(durations) / took:.0f} a second, none lost")
        print("a span takes {:.0f} µs, {:.0f} µs at 99 %, {:.0f} µs at 99.99 %".format(*percentiles))
        print(f"CPU of the process {(time.process_time() - cpu) / took:.0%}, "
              f"memory grew by {growth / 1024:.0f} MiB")  # fmt: skip

    with_store(measure)


def mlflow_spans(count=4_000):
    import mlflow

    start = time.thread_time_ns()
    for number in range(count // 20):
        with mlflow.start_span("root"):
            for _ in range(19):
                with mlflow.start_span("child") as span:
                    span.set_inputs({"question": number})
                    span.set_attribute("status", "ok")
    return (time.thread_time_ns() - start) / count / 1000


def mlflow():
    from mlflow.tracing import provider as module
    from mlflow.tracing.processor.otel import OtelSpanProcessor
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    import spanlog.mlflow

    class Nowhere(SpanExporter):
        def export(self, spans):
            return SpanExportResult.SUCCESS

    original = module._get_span_processors
    alone, recorded = [], []
    for _ in range(RUNS):
        processor = OtelSpanProcessor(Nowhere(), False)
        module._get_span_processors = lambda disabled=False, it=processor: [it]
        module._initialize_tracer_provider()
        module.provider.once._done = True
        alone.append(mlflow_spans())
        module._get_span_processors = original
        store = tempfile.mkdtemp(prefix="spanlog-bench-")
        recording = spanlog.mlflow.record(store, service_name="bench")
        recorded.append(mlflow_spans())
        assert recording.flush()
        recording.stop()
        shutil.rmtree(store)
    print(f"MLflow's SDK, exporting nowhere  {statistics.median(alone):6.1f} µs a span")
    print(f"MLflow's SDK, recorded           {statistics.median(recorded):6.1f} µs a span")


def main():
    name, *settings = sys.argv[1:] or ["record"]
    settings = {key: float(value) for key, value in (text.split("=") for text in settings)}
    commands = {"record": record, "rate": rate, "mlflow": mlflow}
    if name not in commands:
        sys.exit(__doc__)
    commands[name](**settings)


if __name__ == "__main__":
    main()
