import Foundation
import SpanLogClockSimulation

/// The benchmarks of SpanLog: `Tools/bench COMMAND`.
///
/// All subjects of a table are measured in one process, in turns, so that their ratios hold on a
/// machine that is shared.
@main
struct Bench {
    static func main() async throws {
        var arguments = Arguments(CommandLine.arguments.dropFirst())
        let isJSON = arguments.takeFlag("--json")
        switch arguments.takeNext() {
        case "record":
            let threads = arguments.takeNumber("--threads").map { [Int($0)] } ?? [1, 2]
            let benchmark = RecordBenchmark(
                threadCounts: threads, filter: arguments.takeValue("--only"))
            arguments.expectNoMore()
            try await benchmark.run().print(asJSON: isJSON)
        case "write":
            let benchmark = WriteBenchmark(seconds: arguments.takeNumber("--seconds") ?? 30)
            arguments.expectNoMore()
            try await benchmark.run().print(asJSON: isJSON)
        case "clock":
            arguments.expectNoMore()
            print(ClockBenchmark.table(ClockBenchmark.run(scenarios: ClockScenario.all)))
        default: Arguments.usage()
        }
    }
}

/// What stands on the command line. The package that services resolve has no parser of arguments.
struct Arguments {
    private var rest: [String]

    init(_ arguments: some Sequence<String>) {
        rest = Array(arguments)
    }

    mutating func takeNext() -> String? {
        rest.isEmpty ? nil : rest.removeFirst()
    }

    mutating func takeFlag(_ name: String) -> Bool {
        guard let index = rest.firstIndex(of: name) else { return false }
        rest.remove(at: index)
        return true
    }

    mutating func takeValue(_ name: String) -> String? {
        guard let index = rest.firstIndex(of: name) else { return nil }
        guard index + 1 < rest.count else { Self.usage() }
        defer { rest.removeSubrange(index...index + 1) }
        return rest[index + 1]
    }

    mutating func takeNumber(_ name: String) -> Double? {
        guard let text = takeValue(name) else { return nil }
        guard let number = Double(text), number > 0, number <= 1e6 else { Self.usage() }
        return number
    }

    func expectNoMore() {
        if !rest.isEmpty { Self.usage() }
    }

    static func usage() -> Never {
        let text = """
            usage: Tools/bench COMMAND [--json]
              record [--threads N] [--only TEXT]   what a span costs its caller, beside others
              write [--seconds N]                  how fast spans become durable, and how small
              clock                                how well the merge aligns simulated clocks

            """
        FileHandle.standardError.write(Data(text.utf8))
        exit(64)
    }
}
