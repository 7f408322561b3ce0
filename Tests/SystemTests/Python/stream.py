"""Numbered spans from Python, as `SpanLogTestWriter` makes them: the same commands on standard
input, and the same lines on standard output. Started with the test writer's arguments behind its
own name, so that `streams.Stream` takes it as a launcher."""

import itertools
import json
import os
import sys
import threading
import time

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from spanlog import RecorderOptions, SpanLogProcessor

SETTINGS = {
    "segmentBytesMax": ("segment_bytes_max", 1),
    "blockBytesMax": ("block_bytes_max", 1),
    "spoolBytesMax": ("spool_bytes_max", 1),
    "openSpansMax": ("open_spans_max", 1),
    "flushIntervalMilliseconds": ("flush_interval", 0.001),
}


def say(line):
    os.write(1, f"{line}\n".encode())


class Stream:
    def __init__(self, provider, prefix, headers, rate=None, threads=1, count=None, openEvery=50,
                 flushEvery=None, attributeBytes=None):  # fmt: skip
        self.provider = provider
        self.tracer = provider.get_tracer("stream")
        self.prefix = prefix
        self.context = TraceContextTextMapPropagator().extract(headers)
        self.rate = rate
        self.threads = threads
        self.count = count
        self.open_every = openEvery
        self.flush_every = flushEvery
        self.filling = "x" * attributeBytes if attributeBytes else None
        self.opened = []

    def run(self):
        if self.threads == 1:
            return self.run_one(self.prefix)
        threads = [
            threading.Thread(target=self.run_one, args=(f"{self.prefix}{number}.",))
            for number in range(1, self.threads + 1)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def run_one(self, prefix):
        start = time.monotonic()
        for number in range(self.count) if self.count else itertools.count():
            if self.rate:
                time.sleep(max(0, start + number / self.rate - time.monotonic()))
            name = f"{prefix}{number}"
            span = self.tracer.start_span(name, context=self.context)
            span.set_attribute("number", number)
            if self.filling:
                span.set_attribute("filling", self.filling)
            if self.open_every and number % self.open_every == 0:
                self.opened.append(span)
                say(f"open {name}")
            else:
                span.end()
                say(name)
            if self.flush_every and (number + 1) % self.flush_every == 0:
                assert self.provider.force_flush()
                say(f"durable {name}")


def main():
    _, _, store, service, settings = sys.argv
    options = {
        name: value * factor
        for key, value in json.loads(settings).items()
        for name, factor in [SETTINGS[key]]
    }
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(SpanLogProcessor(store, options=RecorderOptions(**options)))
    trace.set_tracer_provider(provider)
    for line in sys.stdin:
        command = json.loads(line)
        verb = command["command"]
        if verb == "stream":
            Stream(provider, **command["stream"]).run()
        elif verb == "flush":
            assert provider.force_flush()
        elif verb == "shutdown":
            provider.shutdown()
        say(json.dumps({"done": verb}, separators=(",", ":")))


if __name__ == "__main__":
    main()
