"""Autologging of openai's client is recorded whole."""

import sys

from call_trees import json_attribute
from processes import Process
from python_mlflow import values
from python_processes import ENVIRONMENT, PROGRAMS


def test_autologging_of_openai_is_recorded_whole(record_mlflow):
    server = Process([sys.executable, PROGRAMS / "chat_server.py"], "listening on ", ENVIRONMENT)
    url = server.output.split("listening on ")[1].strip()
    try:
        spans = record_mlflow(
            """
            import asyncio, openai
            mlflow.openai.autolog()
            client = openai.OpenAI(api_key="none", base_url=sys.argv[2] + "/v1", max_retries=0)
            question = [{"role": "user", "content": "What is six times seven?"}]
            create = client.chat.completions.create
            with mlflow.start_span("agent"):
                create(model="gpt-test", messages=question)
                list(create(model="gpt-test", messages=question, stream=True, max_tokens=300,
                            stream_options={"include_usage": True}))
                try:
                    create(model="gpt-test", messages=[{"role": "user", "content": "fail"}])
                except openai.BadRequestError:
                    pass
                async def later():
                    other = openai.AsyncOpenAI(api_key="none", base_url=sys.argv[2] + "/v1")
                    stream = await other.chat.completions.create(
                        model="gpt-test", messages=question, stream=True)
                    async for _ in stream:
                        pass
                asyncio.run(later())
            """,
            url,
        )
    finally:
        server.stop()
    agent = next(span for span in spans if span["name"] == "agent")
    calls = sorted((s for s in spans if s is not agent), key=lambda span: span["start"])
    assert [span["status"] for span in calls] == ["OK", "OK", "ERROR", "OK"]
    assert {span["parent_span_id"] for span in calls} == {agent["span_id"]}
    whole, streamed, failed, asynchronous = calls
    for span in calls:
        assert values(span)["mlflow.spanType"] == "CHAT_MODEL"
        assert json_attribute(span, "mlflow.spanInputs")["model"] == "gpt-test"
    for span in (whole, asynchronous):
        message = json_attribute(span, "mlflow.spanOutputs")["choices"][0]["message"]
        assert message["content"] == "The answer is 42."
    usage = {"input_tokens": 11, "output_tokens": 5, "total_tokens": 16}
    assert json_attribute(whole, "mlflow.chat.tokenUsage") == usage
    assert json_attribute(streamed, "mlflow.chat.tokenUsage") == usage
    text = json_attribute(streamed, "mlflow.spanOutputs")["choices"][0]["message"]["content"]
    assert text == "The answer is 42." * 60
    # Each chunk is an event, also beyond the 128 that OpenTelemetry keeps.
    assert len(streamed["events"]) > 300
    [exception] = failed["events"]
    assert any("as told" in a.value.string_value for a in exception.attributes)
