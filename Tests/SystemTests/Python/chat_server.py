"""Plays the API of OpenAI's chat completions on a free port, streaming included, without a
model."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = ["The", " answer", " is", " 42", "."]
USAGE = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}


def chunk(delta, finish=None, usage=None):
    choices = [] if usage else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-test",
            "choices": choices, "usage": usage}  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if body["messages"][-1]["content"] == "fail":
            return self.answer(400, {"error": {"message": "as told", "type": "invalid_request_error"}})
        if body.get("stream"):
            count = int(body.get("max_tokens") or len(WORDS))
            return self.stream(count)
        message = {"role": "assistant", "content": "".join(WORDS)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        self.answer(200, {"id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-test",
                          "choices": [choice], "usage": USAGE})  # fmt: skip

    def stream(self, count):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        chunks = [chunk({"role": "assistant", "content": ""})]
        chunks += [chunk({"content": WORDS[n % len(WORDS)]}) for n in range(count)]
        chunks += [chunk({}, "stop"), chunk({}, usage=USAGE)]
        for part in [json.dumps(part) for part in chunks] + ["[DONE]"]:
            self.wfile.write(f"data: {part}\n\n".encode())
        self.close_connection = True

    def answer(self, status, content):
        content = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"listening on http://127.0.0.1:{server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()
