"""What a service pays for the product SpanLog, and what one gets that asks for the macro:
SPANLOG_OUTSIDE_MACRO=1 Tools/test -k outside"""

import json
import os
import re
import subprocess

import pytest

import stores
from processes import ROOT


def manifest(traits, *products):
    dependencies = [f'.product(name: "{product}", package: "spanlog")' for product in products]
    return f"""
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "outside",
    dependencies: [
        .package(name: "spanlog", path: {json.dumps(str(ROOT))}, traits: {json.dumps(traits)})
    ],
    targets: [.executableTarget(name: "outside", dependencies: [{", ".join(dependencies)}])]
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

MACRO_PROGRAM = """
import SpanLogMacros

@Traced(type: .tool)
func double(_ number: Int) throws -> Int {
    2 * number
}

@main
struct Outside {
    static func main() async throws {
        let recorder = try Recorder(
            Recorder.Configuration(serviceName: "outside", directory: CommandLine.arguments[1]))
        InstrumentationSystem.bootstrap(recorder.tracer)
        _ = try double(21)
        try await recorder.shutdown()
    }
}
""".lstrip()

# What only programs need that talk over a network, SwiftNIO, HTTP and TLS, or use the macro.
FOREIGN = re.compile(
    r"syntax|nio|http|hummingbird|boringssl|crypto|certificates|ssl|curl|foundationnetworking",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """A package outside of this one, built."""
    return package(tmp_path_factory, manifest([], "SpanLog"), PROGRAM)


def package(tmp_path_factory, manifest, program):
    package = tmp_path_factory.mktemp("outside")
    (package / "Sources/outside").mkdir(parents=True)
    build(package, manifest, program)
    return package


def build(package, manifest, program):
    (package / "Package.swift").write_text(manifest)
    (package / "Sources/outside/Outside.swift").write_text(program)
    run("swift", "build", "--package-path", package)


def run(*command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def offending(names):
    return [name for name in names if FOREIGN.search(name)]


def test_an_outside_package_records_with_the_product_alone(outside, tmp_path):
    run(outside / ".build/debug/outside", tmp_path / "store")
    assert [span.name for span in stores.read_spans(tmp_path / "store")] == ["work"]


def test_no_network_stack_and_no_swift_syntax_is_resolved(outside):
    pins = json.loads((outside / "Package.resolved").read_text())["pins"]
    names = [pin["identity"] for pin in pins]
    assert "swift-distributed-tracing" in names
    assert offending(names) == []
    assert offending(os.listdir(outside / ".build/checkouts")) == []


def test_no_network_stack_and_no_swift_syntax_is_built(outside):
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


@pytest.mark.skipif(
    "SPANLOG_OUTSIDE_MACRO" not in os.environ,
    reason="builds swift-syntax, which takes minutes: set SPANLOG_OUTSIDE_MACRO=1",
)
def test_an_outside_package_that_enables_the_trait_has_the_macro(tmp_path_factory, tmp_path):
    traced = package(tmp_path_factory, manifest(["Macros"], "SpanLogMacros"), MACRO_PROGRAM)
    run(traced / ".build/debug/outside", tmp_path / "store")
    [span] = stores.read_spans(tmp_path / "store")
    attributes = {item.key: item.value.string_value for item in span.attributes}
    assert (span.name, attributes["mlflow.spanType"]) == ("double", "TOOL")
    assert json.loads(attributes["mlflow.spanInputs"]) == {"number": 21}
    assert attributes["mlflow.spanOutputs"] == "42"


def test_who_uses_the_macro_without_the_trait_is_told_of_it(outside):
    """The last one, since it changes the package."""
    with pytest.raises(AssertionError, match="enable the trait Macros of the package spanlog"):
        build(outside, manifest([], "SpanLogMacros"), MACRO_PROGRAM)
