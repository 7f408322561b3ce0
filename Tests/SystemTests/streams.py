"""Processes that record numbered spans and say so, and what a store then holds of them."""

import json
import os
import signal
import subprocess
import threading
from collections import Counter
from dataclasses import dataclass

from processes import READER, TIME_LIMIT, WRITER, spanlog, spanlog_json

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}


class Stream:
    """A process that records a stream of spans, and says of each on its standard output that it has
    ended or is left open. What it says needs no store, so it proves what the store must hold."""

    def __init__(self, store, prefix, *, settings=None, environment=None, launcher=(), **stream):
        self.threads = stream.get("threads", 1)
        self.lines = []
        self._changed = threading.Condition()
        self._is_over = False
        self.popen = subprocess.Popen(
            [*launcher, WRITER, store, "writer", json.dumps(settings or {})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )
        self.errors = b""
        self._readers = [threading.Thread(target=self._read), threading.Thread(target=self._complain)]
        for reader in self._readers:
            reader.start()
        self.ask("stream", stream={"prefix": prefix, "headers": PARENT, **stream})

    def ask(self, command, **members):
        """Sends a command; its answer comes among the lines."""
        self.popen.stdin.write(json.dumps({"command": command, **members}).encode() + b"\n")
        self.popen.stdin.flush()

    def _read(self):
        for line in self.popen.stdout:
            with self._changed:
                # A kill may cut the last one off.
                if line.endswith(b"\n"):
                    self.lines.append(line[:-1].decode())
                self._changed.notify_all()
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def _complain(self):
        for line in self.popen.stderr:
            with self._changed:
                self.errors += line
                self._changed.notify_all()

    def wait_for(self, is_enough):
        """Returns once `is_enough(lines)`, which the process must bring about while it lives."""
        with self._changed:
            self._changed.wait_for(lambda: is_enough(self.lines) or self._is_over, TIME_LIMIT)
            assert is_enough(self.lines), f"{self.lines[-3:]} {self.errors}"

    def pause(self):
        self.popen.send_signal(signal.SIGSTOP)

    def kill(self):
        """Ends the process at once, and reads what it said before."""
        self.popen.kill()
        return self._close()

    def finish(self):
        """Waits until the stream has come to its end, and shuts the recorder down."""
        self.ask("shutdown")
        self.popen.stdin.close()
        self._close()
        assert self.popen.returncode == 0, self.errors
        assert self.lines[-2:] == ['{"done":"stream"}', '{"done":"shutdown"}'], self.lines[-2:]
        return self

    def _close(self):
        self.popen.wait(TIME_LIMIT)
        for reader in self._readers:
            reader.join()
        for pipe in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            pipe.close()
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.popen.returncode is None:
            self.kill()

    def _said(self, word):
        return [line.split(" ")[1] for line in self.lines if line.startswith(word + " ")]

    @property
    def opened(self):
        return self._said("open")

    @property
    def durable(self):
        """The spans after which everything was durable."""
        return self._said("durable")

    @property
    def ended(self):
        return [line for line in self.lines if " " not in line and not line.startswith("{")]


@dataclass
class Contents:
    """What a store holds, by the same code as the command `spanlog`."""

    ended: list
    open: list
    times: list
    anchors: list
    damages: list


class Reader:
    """`SpanLogTestReader`: reads many stores, one after the other."""

    def __init__(self):
        self.popen = subprocess.Popen([READER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self, store):
        self.popen.stdin.write(f"{store}\n")
        self.popen.stdin.flush()
        line = self.popen.stdout.readline()
        assert line, f"the reader of {store} died"
        return Contents(**json.loads(line))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.stdin.close()
        self.popen.wait(TIME_LIMIT)
        self.popen.stdout.close()


def finish_all(streams):
    """Lets every process come to its end."""
    try:
        for stream in streams:
            stream.finish()
    finally:
        for stream in streams:
            stream.__exit__()


def check_merged(store, archive, said):
    """Merges the store of one killed process of one thread, and asserts that what it said is there,
    once, and no more than can be. Returns the spans."""
    ended, opened = set(said.ended), set(said.opened)
    spanlog("verify", store)
    accounting = spanlog_json("merge", store, "-o", archive)["accounting"]
    assert accounting["identical"] == accounting["replica"] == 0
    # The span that was just ending may be both open and ended: it is joined into one.
    assert accounting["joined"] <= 1
    spans = spanlog_json("show", archive, TRACE)["spans"]
    assert len(spans) == accounting["spans_out"] == accounting["read"] - accounting["joined"]

    found = Counter(span["name"] for span in spans)
    assert set(found.values()) == {1}, "spans are there twice"
    finished = {span["name"] for span in spans if span["end_time_unix_nano"]}
    assert ended <= finished, "spans that had ended are lost"
    assert opened <= set(found) - finished, "open spans are missing"
    # At most one more than was said: the kill may have come before the line.
    assert len(found) <= len(said.lines) + 1
    return spans


def check_exactly_once(contents, *streams):
    """Asserts that everything which was said is there, once, and no more than can be."""
    assert contents.damages == []
    ended, opened = Counter(contents.ended), Counter(contents.open)
    assert set((ended + opened).values()) <= {1}, "spans are there twice"
    for stream in streams:
        assert set(stream.ended) <= ended.keys(), "spans that had ended are lost"
        assert set(stream.opened) <= opened.keys(), "open spans are missing"
    said = sum(len(stream.ended) + len(stream.opened) for stream in streams)
    # Each thread may have come to one more than it could say.
    assert len(ended) + len(opened) <= said + sum(stream.threads for stream in streams)
