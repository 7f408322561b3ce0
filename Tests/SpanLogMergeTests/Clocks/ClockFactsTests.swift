import SpanLogClockSimulation
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge

/// The state to which facts are added is a function of their set.
@Suite struct ClockFactsTests {
    private static func simulation(_ seed: UInt64) -> ClockSimulation {
        var scenario = ClockScenario("order")
        scenario.seed = seed
        (scenario.hostCount, scenario.seconds, scenario.callsPerSecond) = (5, 120, 4)
        scenario.falseShare = 0.02
        return ClockSimulation(scenario)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `facts in any order give the same corrections`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let simulation = Self.simulation(seed)
        let expected = ClockSolver(simulation.facts()).solve()
        let shuffled = simulation.calls.shuffled(using: &generator)
        #expect(ClockSolver(simulation.facts(of: shuffled)).solve() == expected)
    }

    @Test(arguments: [UInt64(4), 5, 6])
    func `facts spread over accumulators and merged in any order give the same corrections`(
        seed: UInt64
    ) {
        var generator = SeededGenerator(seed: seed)
        let simulation = Self.simulation(seed)
        // So few cells that they have to be coarsened, at other times in each accumulator.
        var settings = ClockSettings()
        settings.cellMax = 300
        let expected = ClockSolver(simulation.facts(settings)).solve()
        var parts: [[ClockSimulation.Call]] = Array(repeating: [], count: 4)
        for call in simulation.calls { parts[generator.below(4)].append(call) }
        var merged = ClockFacts(settings: settings)
        for part in parts.shuffled(using: &generator) {
            // Each names the domains in an order of its own.
            var facts = ClockFacts(settings: settings)
            for domain in simulation.domains.shuffled(using: &generator) {
                _ = facts.index(of: domain)
            }
            facts.merge(simulation.facts(of: part, settings))
            merged.merge(facts)
        }
        #expect(merged.count == simulation.facts().count)
        #expect(merged.grain.shift > 28)
        #expect(ClockSolver(merged).solve() == expected)
    }

    @Test func `a cell keeps its least messages, whatever came before`() {
        var generator = SeededGenerator(seed: 7)
        let grain = MessageSeries.Grain(keptPerCell: 2)
        let messages = (0..<5_000).map { _ in
            Message(
                time: Int64(generator.below(20)) << 27, delay: Int64(generator.below(1_000)),
                isRequest: generator.below(2) == 0)
        }
        var series = MessageSeries()
        for message in messages where series.add(message) { series.compact(grain) }
        series.compact(grain)
        let cells = Dictionary(grouping: messages) { grain.cell($0.time) }
        let expected = cells.sorted { $0.key < $1.key }.flatMap { cell in
            cell.value.sorted { $0.precedes($1, grain.shift) }.prefix(2)
        }
        #expect(series.kept == expected)
        #expect(series.cells.map(\.count) == cells.sorted { $0.key < $1.key }.map(\.value.count))
    }

    @Test func `the memory for facts is bounded`() {
        var settings = ClockSettings()
        settings.cellMax = 64
        var facts = ClockFacts(settings: settings)
        let hosts = (0..<3).map { facts.index(of: ClockDomain(instance: "\($0)")) }
        for number in 0..<UInt64(100_000) {
            let time = 1_000_000_000 * (1 + number * 7_919 % 86_400)
            facts.addMessage(
                from: hosts[Int(number % 3)], at: time, to: hosts[Int((number + 1) % 3)],
                at: time + 100, isRequest: true)
        }
        let compacted = facts.compacted()
        #expect(compacted.series.reduce(0) { $0 + $1.messages.cells.count } <= 64)
        #expect(compacted.series.reduce(0) { $0 + $1.messages.kept.count } <= 128)
        #expect(compacted.count == 100_000)
    }

    @Test func `spans of one domain give no facts`() {
        var facts = ClockFacts()
        let host = facts.index(of: ClockDomain(instance: "one"))
        let span = ClockSpan(role: .client, startNanoseconds: 1, endNanoseconds: 2)
        facts.add(parent: span, in: host, child: span, in: host)
        #expect(facts.count == 0)
    }
}
