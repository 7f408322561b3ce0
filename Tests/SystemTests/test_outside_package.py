"""What a service pays for the product SpanLog."""

import json
import os
import re
import subprocess

import pytest

import stores
from processes import ROOT

MANIFEST = f"""
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "outside",
    dependencies: [.package(name: "spanlog", path: {json.dumps(str(ROOT))})],
    targets: [
        .executableTarget(
            name: "outside", dependencies: [.product(name: "SpanLog", package: "spanlog")])
    ]
)
""".lstrip()

PROGRAM = """
import SpanLog

@main
struct Outside {
    static func main() async throws {
        let recorder = try Recorder(
            Recorder.Configuration(serviceName: "outside", directory: CommandLine.arguments[1]))
        InstrumentationSystem.bootstrap(recorder.tracer)
        withSpan("work") { span in
            span.spanType = .tool
            span.setInputs(["answer": 42])
        }
        try await recorder.shutdown()
    }
}
""".lstrip()

# What only programs that talk over a network need: SwiftNIO, HTTP, TLS.
NETWORK = re.compile(
    r"nio|http|hummingbird|boringssl|crypto|certificates|ssl|curl|foundationnetworking",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """A package outside of this one, built."""
    package = tmp_path_factory.mktemp("outside")
    (package / "Sources/outside").mkdir(parents=True)
    (package / "Package.swift").write_text(MANIFEST)
    (package / "Sources/outside/Outside.swift").write_text(PROGRAM)
    run("swift", "build", "--package-path", package)
    return package


def run(*command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def offending(names):
    return [name for name in names if NETWORK.search(name)]


def test_an_outside_package_records_with_the_product_alone(outside, tmp_path):
    run(outside / ".build/debug/outside", tmp_path / "store")
    assert [span.name for span in stores.read_spans(tmp_path / "store")] == ["work"]


def test_no_network_stack_is_resolved(outside):
    pins = json.loads((outside / "Package.resolved").read_text())["pins"]
    names = [pin["identity"] for pin in pins]
    assert "swift-distributed-tracing" in names
    assert offending(names) == []
    assert offending(os.listdir(outside / ".build/checkouts")) == []


def test_no_network_stack_is_built(outside):
    folder = outside / ".build/debug"
    modules = [path.stem for path in (folder / "Modules").glob("*.swiftmodule")]
    built = [path.name for path in folder.glob("*.build")]
    assert "SpanLog" in modules
    assert "SpanLog.build" in built
    assert offending(modules + built) == []


def test_no_network_stack_is_linked(outside):
    program = outside / ".build/debug/outside"
    libraries = [line.split()[0] for line in run("ldd", program).splitlines()]
    assert offending(libraries) == []
    symbols = {line.split()[-1].split("@")[0] for line in run("nm", program).splitlines()}
    assert {"mdb_env_open", "main"} <= symbols
    assert not {"socket", "connect", "bind", "listen", "getaddrinfo"} & symbols
    # A module's name stands in its symbols with its length in front.
    assert not [name for name in symbols if re.match(r"\$s\d*(NIO|AsyncHTTP|Hummingbird)", name)]
