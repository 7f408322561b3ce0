"""The programs under test, as processes of this one."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WRITER = ROOT / ".build/debug/SpanLogTestWriter"
READER = ROOT / ".build/debug/SpanLogTestReader"
VOCABULARY = ROOT / ".build/debug/SpanLogTestVocabulary"
SPANLOG = ROOT / "Tools/.build/debug/spanlog"
DEMO_SERVICE = ROOT / "Tools/.build/debug/spanlog-demo-service"
TWIN_SERVICE = ROOT / "Tools/.build/debug/spanlog-twin-service"
# Nothing that these programs do takes this long; it only keeps a test that hangs from doing so.
TIME_LIMIT = 120


class Process:
    """A program that announces on standard error, or on standard output, that it is ready."""

    def __init__(self, arguments, ready, environment=None, user=None):
        self.popen = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **(environment or {})},
            # What it starts itself can be ended with it.
            start_new_session=True,
            user=user,
        )
        self.output = ""
        watchdog = threading.Timer(TIME_LIMIT, self.popen.kill)
        watchdog.start()
        for line in self.popen.stdout:
            self.output += line
            if ready in line:
                break
        else:
            raise RuntimeError(f"{arguments[0]} did not start:\n{self.output}")
        watchdog.cancel()
        self._drain = threading.Thread(target=self._read, daemon=True)
        self._drain.start()

    def _read(self):
        for line in self.popen.stdout:
            self.output += line

    def stop(self, with_signal=signal.SIGTERM):
        """Sends a signal, unless the process has ended, and returns the exit status."""
        if self.popen.poll() is None:
            self.popen.send_signal(with_signal)
        try:
            status = self.popen.wait(TIME_LIMIT)
        finally:
            self.popen.kill()
        self._drain.join(TIME_LIMIT)
        return status

    def kill(self):
        """Ends the process and those that it started at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait(TIME_LIMIT)
        self._drain.join(TIME_LIMIT)


class DemoService(Process):
    """A demo service on a free port."""

    def __init__(self, name, store, environment=None, launcher=()):
        self.name = name
        self.store = store
        command = [*launcher, DEMO_SERVICE, "--name", name, "--port", "0", "--store", store]
        super().__init__(command, "listening on ", environment)
        self.url = self.output.split("listening on ")[1].strip() + "/"


def free_port():
    """A port on loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class MLflowServer(Process):
    """A real MLflow server on loopback, with its database in a folder unless told otherwise."""

    def __init__(self, folder, *options, port=None, backend=None, environment=None,
                 program=ROOT / ".build/venv/bin/mlflow"):  # fmt: skip
        self.port = port or free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        command = [
            program, "server", "--host", "127.0.0.1", "--port", self.port, "--workers", "1",
            "--backend-store-uri", backend or f"sqlite:///{folder}/mlflow.db",
            "--artifacts-destination", folder / "artifacts", *options,
        ]  # fmt: skip
        environment = {
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            **(environment or {}),
        }
        super().__init__(command, "Application startup complete", environment)


class Writer:
    """`SpanLogTestWriter`: records exactly the spans that it is told to."""

    def __init__(self, store, service="writer", **settings):
        self.popen = subprocess.Popen(
            [WRITER, store, service, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _ask(self, commands):
        """Sends commands and returns the answers, each of which is awaited."""

        def send():
            with contextlib.suppress(BrokenPipeError):  # Then the answers are missing.
                for command in commands:
                    self.popen.stdin.write(json.dumps(command) + "\n")
                self.popen.stdin.flush()

        # From a thread, since both pipes are small: writer and reader would wait for each other.
        sending = threading.Thread(target=send)
        sending.start()
        answers = [json.loads(self.popen.stdout.readline()) for _ in commands]
        sending.join()
        for answer in answers:
            assert "error" not in answer, answer["error"]
        return answers

    def record(self, *spans):
        """Records spans, and returns (trace id, span id) of each in hexadecimal."""
        answers = self._ask([{"command": "span", "span": span} for span in spans])
        return [(answer["trace_id"], answer["span_id"]) for answer in answers]

    def flush(self):
        """Returns when everything recorded so far is durable."""
        self._ask([{"command": "flush"}])

    def shutdown(self):
        """Ends the recorder and the process."""
        self._ask([{"command": "shutdown"}])
        self.popen.stdin.close()
        assert self.popen.wait(TIME_LIMIT) == 0

    def kill(self):
        """Ends the process at once, as a crash of the machine's memory would."""
        self.popen.kill()
        self.popen.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        with contextlib.suppress(BrokenPipeError):  # By what it was sent and never read.
            self.popen.stdin.close()
        self.popen.stdout.close()


def spanlog(*arguments, check=True, environment=None):
    """Runs the command line tool; the result has `returncode`, `stdout` and `stderr`."""
    result = subprocess.run(
        [SPANLOG, *[str(argument) for argument in arguments]],
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        env={**os.environ, **(environment or {})},
    )
    if check:
        command = " ".join(str(argument) for argument in arguments)
        assert result.returncode == 0, f"spanlog {command}:\n{result.stdout}{result.stderr}"
    return result


def spanlog_json(*arguments):
    """What the tool prints with `--json`."""
    return json.loads(spanlog(*arguments, "--json").stdout)


def peak_kilobytes(pid):
    """The most memory that a process has had; 0 if it is gone, or not the command yet."""
    try:
        if os.readlink(f"/proc/{pid}/exe") != str(SPANLOG.resolve()):
            return 0
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(found[0]) if found else 0
