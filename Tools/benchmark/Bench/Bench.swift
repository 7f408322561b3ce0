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
        case "generate":
            let path = arguments.expectNext()
            let settings = arguments.takeSettings(MergeBenchmark.shapeKeys)
            arguments.expectNoMore()
            try MergeBenchmark.generate(path, settings)
        case "merge":
            let (path, archive) = (arguments.expectNext(), arguments.expectNext())
            let settings = arguments.takeSettings(["threads", "memory", "clock"])
            arguments.expectNoMore()
            try MergeBenchmark.merge(path, archive, settings)
        case "show":
            let archive = arguments.expectNext()
            arguments.expectNoMore()
            try MergeBenchmark.show(archive)
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

    mutating func expectNext() -> String {
        guard let next = takeNext() else { Self.usage() }
        return next
    }

    /// Takes what is left of the form `key=value` with one of these keys.
    mutating func takeSettings(_ keys: Set<String>) -> [String: String] {
        var settings: [String: String] = [:]
        rest.removeAll { argument in
            let parts = argument.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, keys.contains(String(parts[0])) else { return false }
            settings[String(parts[0])] = String(parts[1])
            return true
        }
        return settings
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
              generate DIRECTORY [KEY=VALUE…]      stores from a seed, with the truth beside them
              merge DIRECTORY ARCHIVE [KEY=VALUE…] how fast they are merged, and in how much memory
              show ARCHIVE                         how fast traces are found
            KEY is hosts, services, spans, trace, bytes, steps, block, damaged, duplicates, losses,
            rate, spread or seed for generate, and threads, memory (in MiB) or clock=off for merge.

            """
        FileHandle.standardError.write(Data(text.utf8))
        exit(64)
    }
}
