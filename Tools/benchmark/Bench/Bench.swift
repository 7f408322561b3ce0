import Foundation

/// The benchmarks of SpanLog: `Tools/bench COMMAND [--json]`.
///
/// All subjects of a table are measured in one process, in turns, so that their ratios hold on a
/// machine that is shared.
@main
struct Bench {
    static func main() async throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        let isJSON = arguments.contains("--json")
        arguments.removeAll { $0 == "--json" }
        switch arguments.first {
        case "record":
            try await RecordBenchmark(filter: arguments.dropFirst().first).run().print(
                asJSON: isJSON)
        default: usage()
        }
    }

    private static func usage() -> Never {
        let text = """
            usage: Tools/bench COMMAND [--json]
              record     what a span costs its caller, beside other tracers

            """
        FileHandle.standardError.write(Data(text.utf8))
        exit(64)
    }
}
