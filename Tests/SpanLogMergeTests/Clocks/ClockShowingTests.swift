import SpanLogClockSimulation
import SpanLogFormat
import SpanLogMerge
import SpanLogTestSupport
import Testing

/// What is stored and printed of corrections.
@Suite struct ClockShowingTests {
    private static func corrections(seed: UInt64, seconds: Double = 60) -> ClockCorrections {
        var scenario = ClockScenario("shown")
        scenario.seed = seed
        (scenario.hostCount, scenario.seconds, scenario.callsPerSecond) = (4, seconds, 3)
        scenario.steppingHostCount = 2
        let simulation = ClockSimulation(scenario)
        return ClockSolver(simulation.facts(), lines: simulation.lines).solve()
    }

    private static var example: ClockCorrections {
        var calls = Calls(offsets: [0, 5_000_000, 0, 0])
        calls.call(0, 1, at: 0, there: 500, back: 300)
        calls.call(0, 1, at: 0, there: 500, back: 300)
        calls.call(2, 3, at: 0, there: 500, back: 300)
        return calls.solve()
    }

    @Test(arguments: [UInt64(1), 2])
    func `corrections that are written are read as they were`(seed: UInt64) throws {
        let corrections = Self.corrections(seed: seed)
        #expect(corrections.domains.contains { $0.line.stepCount > 0 && $0.knots.count > 100 })
        let bytes = corrections.encoded()
        #expect(try ClockCorrections(decoding: bytes) == corrections)
        #expect(try ClockCorrections(decoding: bytes).encoded() == bytes)
    }

    @Test func `mutated bytes are refused or read, and reading never traps`() {
        var generator = SeededGenerator(seed: 3)
        let bytes = Self.corrections(seed: 3, seconds: 4).encoded()
        var readCount = 0
        for _ in 0..<200 {
            var mutated = bytes
            if generator.below(4) == 0 { mutated.removeLast(generator.below(bytes.count)) }
            for _ in 0..<generator.below(9) where !mutated.isEmpty {
                mutated[generator.below(mutated.count)] = generator.byte()
            }
            guard let corrections = try? ClockCorrections(decoding: mutated) else { continue }
            readCount += 1
            for domain in corrections.domains {
                for time in [0, Calls.epoch, .max] {
                    _ = domain.corrected(start: time, end: time, sealed: time)
                    _ = domain.boundInFrame(at: time)
                }
            }
            _ = ClockTable.text(corrections)
            _ = ClockPlot.text(corrections)
        }
        #expect(readCount > 20)
    }

    @Test func `the table says offset, bound and method, and unknown where it is unknown`() {
        let names = [
            Calls.domain(0): "hub", Calls.domain(1): "mill", Calls.domain(2): "ship",
            Calls.domain(3): "boat",
        ]
        let lines = ClockTable.text(Self.example, names: names).split(separator: "\n")
        #expect(
            lines.map { String($0.prefix(103)) } == [
                "clocks: mid, reference hub",
                "host  method     offset at start     at end      drift    bound  greatest  used"
                    + "  rejected  steps  domai",
                "hub   reference             0 ns       0 ns  0.000 ppm    ±0 ns     ±0 ns     4"
                    + "         0      0  boot:",
                "mill  bounded          -5.000 ms  -5.000 ms  0.000 ppm  ±2.0 µs   ±2.0 µs     4"
                    + "         0      0  boot:",
                "ship  wall only             0 ns       0 ns  0.000 ppm  unknown   unknown     2"
                    + "         0      0  boot:",
                "boat  wall only          -100 ns    -100 ns  0.000 ppm  unknown   unknown     2"
                    + "         0      0  boot:",
                "boat goes by the clock of ship, not by the reference's",
            ])
        #expect(lines[2].hasSuffix("boot:" + String(repeating: "01", count: 16)))
    }

    @Test func `the plot draws each clock that is moved, within the width`() {
        let corrections = Self.corrections(seed: 4)
        let text = ClockPlot.text(corrections, width: 60)
        let drawings = text.split(separator: "\n\n", omittingEmptySubsequences: true)
        #expect(drawings.count == corrections.domains.count { !$0.knots.isEmpty })
        for drawing in drawings {
            let lines = drawing.split(separator: "\n")
            #expect(lines.count == 10)
            let canvas = lines.dropFirst().dropLast()
            #expect(canvas.allSatisfy { $0.count <= 60 })
            // The greatest and the least value are on the first and the last line.
            #expect(canvas.first?.contains { $0 > "\u{2800}" } == true)
            #expect(canvas.last?.contains { $0 > "\u{2800}" } == true)
        }
    }

    @Test func `the report holds what the table says`() {
        let report = ClockReport(Self.example)
        #expect(report.domains.map(\.method) == [.reference, .bounded, .wallOnly, .wallOnly])
        #expect(report.domains[1].summary.offsetAtStart == -5_000_100)
        #expect(report.domains[0].summary.boundMedian == 0)
        #expect(report.domains[2].summary.boundMedian == nil)
        #expect(report.domains.map(\.used) == [4, 4, 2, 2])
    }
}
