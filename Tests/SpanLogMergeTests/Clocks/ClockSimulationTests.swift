import SpanLogClockSimulation
import SpanLogMerge
import Testing

/// The promises of the alignment, held against simulated hosts whose clocks are known.
@Suite struct ClockSimulationTests {
    private static func scenario(
        _ name: String, seed: UInt64, _ change: (inout ClockScenario) -> Void
    ) -> ClockScenario {
        var scenario = ClockScenario(name)
        scenario.seed = seed
        (scenario.seconds, scenario.callsPerSecond) = (200, 3)
        change(&scenario)
        return scenario
    }

    private static var scenarios: [ClockScenario] {
        [
            scenario("few hosts", seed: 1) { $0.hostCount = 4 },
            scenario("many hosts", seed: 2) { $0.hostCount = 12 },
            scenario("sparse", seed: 3) { ($0.seconds, $0.callsPerSecond) = (1_200, 0.3) },
            scenario("steps", seed: 4) { $0.steppingHostCount = 3 },
            scenario("far off", seed: 5) { $0.offsetDeviation = 3_600 / 3 },
        ]
    }

    @Test(arguments: scenarios)
    func `errors are small, bounds hold, and no child starts before its parent`(
        scenario: ClockScenario
    ) {
        let row = ClockBenchmark.run(scenario)
        #expect(row.aligned.median <= 25)
        #expect(row.aligned.percentile99 <= 150)
        #expect(row.insideShare >= 0.999)
        #expect(row.earlyChildCount == 0)
        #expect(row.lateAnswerCount <= row.callCount / 1_000)
        #expect(row.timesBetterThanJaeger >= 100)
        #expect(row.ambiguousCount <= row.callCount / 200)
    }

    @Test func `the middle keeps every message of honest hosts`() {
        let honest = Self.scenario("honest", seed: 6) {
            ($0.falseShare, $0.timeoutShare) = (0, 0)
        }
        let simulation = ClockSimulation(honest)
        for mode in [ClockMode.middle, .auto] {
            let corrections = ClockSolver(simulation.facts(), lines: simulation.lines).solve(mode)
            #expect(
                corrections.pairs.allSatisfy { $0.rejectedFactCount == 0 && !$0.isInconsistent })
            #expect(corrections.domains.allSatisfy { $0.bound(at: Calls.epoch) != nil })
        }
    }

    @Test func `false answers are found`() {
        let simulation = ClockSimulation(Self.scenario("false", seed: 7) { $0.falseShare = 0.004 })
        let corrections = ClockSolver(simulation.facts()).solve()
        let rejected = corrections.pairs.reduce(0) { $0 + $1.rejectedFactCount }
        let expected = Double(simulation.calls.count) * 0.88 * 0.004
        #expect((0.4 * expected...1.6 * expected).contains(Double(rejected)))
        #expect(corrections.pairs.allSatisfy { !$0.isInconsistent })
    }

    /// As Hummingbird's do: the span ends when the network has taken the response.
    @Test(arguments: [10e-6, 100e-6, 1e-3])
    func `servers that end late make bounds wider, and not wrong`(lateEnd: Double) {
        let row = ClockBenchmark.run(Self.scenario("late", seed: 8) { $0.lateEnd = lateEnd })
        #expect(row.insideShare >= 0.999)
        #expect(row.earlyChildCount == 0)
        #expect(row.aligned.percentile99 <= 1_000)
    }
}
