internal import SpanLogMerge

/// Measures how well and how fast clocks are aligned, with what viewers do beside it.
public enum ClockBenchmark {
    /// What came of a scenario. Errors are those of the start of a server's span against its client's
    /// clock, in microseconds.
    public struct Row: Sendable {
        /// ``ClockScenario/name``.
        public let scenario: String
        /// Hosts that call each other.
        public let hostCount: Int
        /// Calls between them.
        public let callCount: Int
        /// With the times as recorded.
        public let raw: Errors
        /// With each call corrected as Zipkin does.
        public let zipkin: Errors
        /// With each call corrected as Jaeger does.
        public let jaeger: Errors
        /// With the clocks aligned.
        public let aligned: Errors
        /// The median bound of a server's start against the reference, in microseconds.
        public let boundMedian: Double
        /// The share of server spans whose start is off by no more than its bound.
        public let insideShare: Double
        /// Calls whose server starts before its client.
        public let earlyChildCount: Int
        /// Calls that were truly answered, and whose answer comes before it was sent.
        public let lateAnswerCount: Int
        /// Calls that were left out of that, since a clock was set while they began.
        public let ambiguousCount: Int
        /// Messages that the corrections contradict.
        public let rejectedCount: Int
        /// How long it took to add a fact, in nanoseconds.
        public let nanosecondsPerFact: Double
        /// How long it took to align the clocks, in milliseconds.
        public let solveMilliseconds: Double

        /// How often Jaeger's 99th percentile is this one's.
        public var timesBetterThanJaeger: Double {
            jaeger.percentile99 / max(aligned.percentile99, 1e-3)
        }
    }

    /// Absolute errors, in microseconds.
    public struct Errors: Sendable {
        /// Half are greater.
        public let median: Double
        /// One in a hundred is greater.
        public let percentile99: Double
        /// None is greater.
        public let greatest: Double

        init(nanoseconds: [Double]) {
            let sorted = nanoseconds.map { abs($0) / 1e3 }.sorted()
            median = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
            percentile99 =
                sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * 99 / 100)]
            greatest = sorted.last ?? 0
        }
    }

    /// Plays the scenarios one after the other.
    public static func run(scenarios: [ClockScenario] = ClockScenario.all) -> [Row] {
        scenarios.map(run)
    }

    /// Plays a scenario.
    public static func run(_ scenario: ClockScenario) -> Row {
        let simulation = ClockSimulation(scenario)
        let pairs = simulation.calls.compactMap { call in
            simulation.unstepped(call).map { (call.client, $0.client, call.server, $0.server) }
        }
        let clock = ContinuousClock()
        let start = clock.now
        var facts = ClockFacts()
        let indexes = simulation.domains.map { facts.index(of: $0) }
        for (client, parent, server, child) in pairs {
            facts.add(parent: parent, in: indexes[client], child: child, in: indexes[server])
        }
        let added = clock.now
        let corrections = ClockSolver(facts, lines: simulation.lines).solve()
        let solved = clock.now
        let judgement = ClockJudgement(simulation, corrections)
        return Row(
            scenario: scenario.name, hostCount: scenario.hostCount,
            callCount: simulation.calls.count,
            raw: errors(simulation, .none), zipkin: errors(simulation, .zipkin),
            jaeger: errors(simulation, .jaeger), aligned: Errors(nanoseconds: judgement.errors),
            boundMedian: Errors(nanoseconds: judgement.bounds).median,
            insideShare: Double(judgement.insideCount) / Double(max(1, simulation.calls.count)),
            earlyChildCount: judgement.earlyChildCount,
            lateAnswerCount: judgement.lateAnswerCount,
            ambiguousCount: judgement.ambiguousCount,
            rejectedCount: corrections.pairs.reduce(0) { $0 + $1.rejectedFactCount },
            nanosecondsPerFact: (added - start) / .nanoseconds(max(1, facts.count)),
            solveMilliseconds: (solved - added) / .milliseconds(1))
    }

    private static func errors(_ simulation: ClockSimulation, _ rule: ViewerRule) -> Errors {
        Errors(
            nanoseconds: simulation.calls.map { call in
                let start = call.clientSpan.startNanoseconds
                let recorded = Int64(bitPattern: call.serverSpan.startNanoseconds &- start)
                return Double(recorded) + rule.shift(call.clientSpan, call.serverSpan)
                    - call.trueDelay
            })
    }
}

extension ClockBenchmark {
    /// The rows as a table in Markdown, times in microseconds unless a unit is named.
    public static func table(_ rows: [Row]) -> String {
        let head = [
            "scenario", "calls", "Zipkin p50 / p99", "Jaeger p50 / p99", "aligned p50 / p99 / max",
            "bound p50", "inside", "early children", "late answers", "ambiguous", "rejected",
            "× Jaeger", "ns a fact",
            "solve",
        ]
        let lines = rows.map { row in
            [
                row.scenario, "\(row.callCount)", pair(row.zipkin), pair(row.jaeger),
                pair(row.aligned) + " / \(rounded(row.aligned.greatest))",
                rounded(row.boundMedian), percent(row.insideShare), "\(row.earlyChildCount)",
                "\(row.lateAnswerCount)",
                "\(row.ambiguousCount)", "\(row.rejectedCount)", rounded(row.timesBetterThanJaeger),
                rounded(row.nanosecondsPerFact), "\(rounded(row.solveMilliseconds)) ms",
            ]
        }
        return ([head, head.map { _ in "---" }] + lines).map { cells in
            "| " + cells.joined(separator: " | ") + " |"
        }.joined(separator: "\n")
    }

    private static func pair(_ errors: Errors) -> String {
        "\(rounded(errors.median)) / \(rounded(errors.percentile99))"
    }

    private static func rounded(_ value: Double) -> String {
        let tenths = (value * 10).rounded() / 10
        return value < 100 ? "\(tenths)" : "\(Int(value.rounded()))"
    }

    private static func percent(_ share: Double) -> String {
        "\((share * 100_000).rounded() / 1000) %"
    }
}
