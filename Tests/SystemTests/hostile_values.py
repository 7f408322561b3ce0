"""Traces with the values that break others."""

import secrets

from processes import Writer

START = 1_790_000_000_000_000_000
LARGE = 16 << 20
TEXTS = ["", "42", "true", "null", '{"a": 1}', "[1, 2]", '"quoted"', "{no json", "[" * 3000, "NaN",
         "a\0b", "ü\n\t\\ \u2028 \U0001f600", " \n[1]", "9" * 5000]  # fmt: skip


# What MLflow reads inputs, outputs, models, providers and kinds from.
OTHER_CONVENTIONS = [
    "gen_ai.operation.name", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.prompt",
    "gen_ai.request.model", "gen_ai.response.model", "gen_ai.provider.name", "gen_ai.system",
    "gen_ai.conversation.id", "gen_ai.tool.definitions", "input.value", "output.value",
    "llm.model_name", "llm.provider", "openinference.span.kind", "traceloop.entity.input",
    "ai.prompt", "langfuse.observation.input", "lmnr.span.input", "lk.input_text",
    "gcp.vertex.agent.llm_request", "agent.messages", "input", "output",
]  # fmt: skip


def nested(depth, of_lists):
    text = "1"
    for _ in range(depth):
        text = f"[{text}]" if of_lists else f'{{"a": {text}}}'
    return text


def text(value):
    return {"string": [value]}


def span(name, **details):
    return {"name": name, "start": START, "end": START + 10**9, **details}


SPANS = [
    span("deep objects", attributes={
        "mlflow.spanInputs": text(nested(100, False)), "deep": text(nested(100, False))}),
    span("deep lists", attributes={
        "mlflow.spanInputs": text(nested(100, True)), "mlflow.spanOutputs": text(nested(100, True))},
        events=[{"name": "deep", "time": START, "attributes": {"deep": text(nested(100, True))}}]),
    span("not numbers", attributes={
        **{word: {"double": [word]} for word in ("nan", "inf", "-inf")},
        "several": {"doubleArray": ["nan", "1", "inf"]},
        "mlflow.spanInputs": text('{"a": NaN, "b": -Infinity}')},
        events=[{"name": "event", "time": START, "attributes": {
            word: {"double": [word]} for word in ("nan", "inf", "-inf")}}]),
    span("texts", attributes={f"text {n}": text(value) for n, value in enumerate(TEXTS)},
         events=[{"name": "event", "time": START, "attributes": {
             f"text {n}": text(value) for n, value in enumerate(TEXTS)}}]),
    *[span(f"input {n}", inputs=value, outputs=value) for n, value in enumerate(TEXTS)],
    span("large", attributes={"mlflow.spanInputs": {"repeated": ["ü", str(LARGE // 2)]}}),
    span("long session", attributes={
        "session.id": text("s" * 300), "user.id": text("ü" * 9000),
        "mlflow.traceTag.long": text("t" * 9000)}),
    span("tags of the server's", attributes={
        "mlflow.traceTag.mlflow.trace.spansLocation": text("nowhere"),
        "mlflow.traceTag.mlflow.artifactLocation": text("nowhere"),
        "mlflow.traceTag.mine": text("kept")}),
    span("n" * 5000, type="T" * 600),
    span("zero \0 in \0 names", type="a\0b", inputs="in\0side", attributes={
        "session.id": text("s\0"), "user.id": text("u\0"), "mlflow.traceTag.z": text("t\0"),
        "mlflow.traceTag.z\0": text("key"), "key \0": text("value"),
        "mlflow.llm.model": text("m\0")}, status={"code": "error", "message": "a\0b"}),
    span("zeros of other conventions", attributes={
        key: text("z\0") for key in OTHER_CONVENTIONS},
        events=[{"name": "gen_ai.content.prompt", "time": START, "attributes": {
            "gen_ai.prompt": text("z\0")}}]),
    span("zero in the model of the inputs", attributes={
        "mlflow.spanInputs": text('{"model": "m\\u0000"}')}),
    span("ended before it began", **{"end": START - 10**9}),
    {"name": "unfinished", "start": START},
]  # fmt: skip


def record(store, spans=SPANS):
    """Records them by a process that dies, and returns the trace ids by name."""
    # Of a trace that is nobody else's: the server is shared.
    elsewhere = {"traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"}
    spans = [*spans, span("headless", headers=elsewhere, attributes={
        "mlflow.spanInputs": text('{"model": "m\\u0000"}'),
        "llm.model_name": text("m\0"), "mine": text("m\0")})]  # fmt: skip
    with Writer(store, "hostile") as writer:
        ids = writer.record(*spans)
        writer.flush()
        writer.kill()
    return {span["name"]: trace for span, (trace, _) in zip(spans, ids, strict=True)}
