#!/usr/bin/env python3
"""Sends a few call trees to three demo services.

    send_demo_requests.py planner=URL researcher=URL coder=URL

The planner gets them all. Each is one JSON document that says which service calls which, and what
each does in between; `spanlog-demo-service --help` has its form. Prints a line for each request,
and exits with 1 if an answer is not the expected one.
"""

import json
import sys
import urllib.error
import urllib.request


def call(url, *steps):
    return {"url": url, "arguments": list(steps)}


def work(name, *steps, **members):
    return {"work": name, "arguments": list(steps), **members}


def report(researcher, coder):
    """Three services, the researcher called three times, once from the coder."""
    search = work(
        "search",
        type="RETRIEVER",
        inputs={"query": "ships of the line"},
        outputs=[{"title": "HMS Victory", "score": 0.93}, {"title": "Vasa", "score": 0.71}],
        events=[{"name": "index opened", "attributes": {"documents": 48_213}}],
    )
    draw = work(
        "draw a chart",
        call(researcher),
        type="TOOL",
        inputs={"kind": "bar", "years": [1628, 1765]},
        outputs={"file": "chart.svg"},
        attributes={"chart.bars": 2, "chart.cached": False},
    )
    return work(
        "write a report",
        call(researcher, search),
        call(researcher),
        call(coder, draw),
        type="AGENT",
        inputs={"goal": "A page on famous warships, with a chart"},
        outputs={"pages": 1, "words": 412},
        trace={"name": "report", "tags": {"team": "history"}, "session": "demo", "user": "ada"},
    )


def question(researcher):
    """The smallest tree over two services."""
    return work(
        "answer a question",
        call(researcher),
        type="CHAIN",
        inputs="How many primes are there below ten thousand?",
        trace={"name": "question", "session": "demo", "user": "ada"},
    )


def failure(coder, like):
    """An error two services deep, linked to the request that went well."""
    compiling = work("compile", type="TOOL", inputs={"file": "chart.swift"}, fail="no such module")
    return work(
        "repair the chart",
        call(coder, compiling),
        type="AGENT",
        inputs={"goal": "The same chart in colour"},
        links=[{"traceparent": like, "attributes": {"reason": "follows"}}],
        trace={"name": "repair", "session": "demo", "user": "ada"},
    )


def send(url, *steps):
    """Posts steps, and returns the status and the answer."""
    body = json.dumps(steps).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def main():
    services = dict(argument.split("=", 1) for argument in sys.argv[1:])
    planner, researcher, coder = (services[n] for n in ("planner", "researcher", "coder"))
    unexpected = 0

    def ask(title, expected, step):
        nonlocal unexpected
        status, answer = send(planner, step)
        unexpected += status != expected
        print(f"    {status} {title:9} {answer.get('error') or answer.get('result')}")
        return answer["traceparent"]

    first = ask("report", 200, report(researcher, coder))
    ask("question", 200, question(researcher))
    ask("repair", 502, failure(coder, first))
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
