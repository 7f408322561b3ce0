"""OpenTelemetry's spans, recorded by this process, and how to compare them with what a store
has."""

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from opentelemetry.trace.span import TraceState

from spanlog import RecorderOptions, SpanLogProcessor

REMOTE = SpanContext(
    int("ab" * 16, 16), int("cd" * 8, 16), is_remote=True, trace_flags=TraceFlags(3),
    trace_state=TraceState([("x", "1"), ("y", "2")]),
)  # fmt: skip
SMALL = {"spool_bytes_max": 1 << 18, "block_bytes_max": 1 << 16, "open_spans_max": 4}


def plain(value):
    """An OTLP AnyValue as (type, value)."""
    kind = value.WhichOneof("value")
    content = getattr(value, kind)
    if kind == "array_value":
        content = [plain(item) for item in content.values]
    elif kind == "kvlist_value":
        content = attributes(content.values)
    return kind.removesuffix("_value"), content


def attributes(items):
    return {item.key: plain(item.value) for item in items}


def without_scope(span):
    return {k: v for k, v in attributes(span.attributes).items() if not k.startswith("otel.scope.")}


def small_provider(store, **options):
    provider = TracerProvider()
    provider.processor = SpanLogProcessor(store, options=RecorderOptions(**{**SMALL, **options}))
    provider.add_span_processor(provider.processor)
    return provider


def in_context(span_context):
    return trace.set_span_in_context(NonRecordingSpan(span_context))
