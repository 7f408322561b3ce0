"""The Python package installs, and its documentation's programs work.

The package is installed without its dependencies here. SPANLOG_PYTHONS="python3.10 python3.13"
installs it with them, from the package index, into a new environment of each of these.
"""

import os
import re
import shutil
import subprocess
import sys

import pytest

import stores
from processes import ROOT, TIME_LIMIT, spanlog
from python_processes import PACKAGE, run

PYTHONS = os.environ.get("SPANLOG_PYTHONS", "").split()
PROGRAM = """
import sys
from opentelemetry.sdk.trace import TracerProvider
import spanlog
provider = TracerProvider()
provider.add_span_processor(spanlog.SpanLogProcessor(sys.argv[1]))
provider.get_tracer("t").start_span("installed").end()
provider.shutdown()
assert [span.name for span in spanlog.read_spans(sys.argv[1])] == ["installed"]
print(spanlog.__file__)
"""


@pytest.fixture
def source(tmp_path):
    """The package's source, where building it leaves nothing in the repository."""
    ignore = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
    return shutil.copytree(ROOT / "Tools/python", tmp_path / "source", ignore=ignore)


def test_what_is_installed_is_the_whole_package(source, tmp_path):
    target = tmp_path / "target"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
               "--no-build-isolation", "--target", target, source]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=TIME_LIMIT)
    installed = {path.relative_to(target) for path in target.glob("spanlog/**/*.py*")}
    expected = {path.relative_to(PACKAGE) for path in PACKAGE.glob("spanlog/**/*.py")}
    assert expected <= installed
    assert (target / "spanlog/py.typed").exists()
    result = run(PROGRAM, tmp_path / "store", environment={"PYTHONPATH": str(target)})
    assert result.stdout.startswith(str(target))
    spanlog("verify", tmp_path / "store")


@pytest.mark.parametrize("python", PYTHONS)
def test_it_installs_with_its_dependencies_into_a_clean_environment(source, tmp_path, python):
    subprocess.run([python, "-m", "venv", tmp_path / "venv"], check=True)
    installed = tmp_path / "venv/bin/python"
    subprocess.run([installed, "-m", "pip", "install", "--quiet", source], check=True)
    command = [installed, "-c", PROGRAM, tmp_path / "store"]
    subprocess.run(command, check=True, env={}, timeout=TIME_LIMIT)
    spanlog("verify", tmp_path / "store")


@pytest.mark.parametrize("document", ["README.md", "Sources/SpanLog/Documentation.docc/Python.md"])
def test_the_service_in_the_documentation_records(tmp_path, document):
    text = (ROOT / document).read_text()
    programs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    [program] = [program for program in programs if "set_tracing_context" in program]
    call = """
class Request:
    headers = {"Traceparent": "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"}
if "app" in globals():
    assert app.test_client().post("/", headers=Request.headers).status_code == 200
else:
    handle(Request)
"""
    run(program + call, cwd=tmp_path)
    [span] = stores.read_spans(tmp_path / "spans")
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == ("ab" * 16, "cd" * 8)
    assert {a.key: a.value.string_value for a in span.attributes}["status"] == "processed"
