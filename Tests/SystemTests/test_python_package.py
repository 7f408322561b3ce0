"""The Python package installs, and its documentation's programs work.

It is installed with its dependencies, from the package index, into a new environment of each of Python
3.10 to 3.13 that is there, by itself or in pyenv; SPANLOG_PYTHONS="python3.10 …" names others.
"""

import glob
import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import stores
from processes import ROOT, TIME_LIMIT, spanlog
from python_processes import PACKAGE, run

# What is run with each Python, and what it needs besides the package's own dependencies.
TESTS = ("store", "bounds", "lifetime", "errors")
NEEDED = ("pytest", "requests")
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


def copy_of_source(folder):
    """The package's source, where building it leaves nothing in the repository."""
    ignore = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
    return shutil.copytree(ROOT / "Tools/python", folder / "source", ignore=ignore)


def test_what_is_installed_is_the_whole_package(tmp_path):
    source = copy_of_source(tmp_path)
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


def pythons():
    """A command for each Python that there is."""
    if named := os.environ.get("SPANLOG_PYTHONS", "").split():
        return named
    root = os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv")
    found = []
    for version in ("3.10", "3.11", "3.12", "3.13"):
        name = f"python{version}"
        commands = [shutil.which(name), *glob.glob(f"{root}/versions/{version}.*/bin/{name}")]
        found += itertools.islice(filter(makes_environments, commands), 1)
    return found


def makes_environments(command):
    """Whether it runs, and not only says why it does not, and can make environments."""
    if not command:
        return False
    test = [command, "-c", "import ensurepip, venv"]
    return subprocess.run(test, capture_output=True, timeout=TIME_LIMIT).returncode == 0


@pytest.fixture(params=pythons(), ids=lambda command: command.rpartition("/")[2], scope="module")
def environment(request, tmp_path_factory):
    """The Python of a new environment with the package in it."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([request.param, "-m", "venv", folder / "venv"], check=True)
    source = copy_of_source(folder)
    python = folder / "venv/bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", source, *NEEDED], check=True)
    return python


def test_it_installs_with_its_dependencies_into_a_clean_environment(environment, tmp_path):
    command = [environment, "-I", "-c", PROGRAM, tmp_path / "store"]
    result = subprocess.run(
        command, check=True, env={}, timeout=TIME_LIMIT, stdout=subprocess.PIPE, text=True
    )
    assert result.stdout.startswith(str(environment.parents[1]))
    spanlog("verify", tmp_path / "store")


def test_its_tests_pass_with_every_python(environment):
    files = [Path(__file__).with_name(f"test_python_{name}.py") for name in TESTS]
    command = [environment, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    result = subprocess.run(command, capture_output=True, text=True, timeout=2 * TIME_LIMIT)
    assert result.returncode == 0, result.stdout + result.stderr


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
