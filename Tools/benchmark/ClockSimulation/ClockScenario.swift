/// Hosts that call each other, with clocks that are wrong in known ways.
public struct ClockScenario: Hashable, Sendable {
    /// What the scenario is called in a table.
    public var name: String
    /// The same seed gives the same calls.
    public var seed: UInt64 = 1
    /// Hosts. They are connected by a random tree, and half as many further edges.
    public var hostCount = 8
    /// How long calls are made, in seconds.
    public var seconds = 3600.0
    /// Calls along each edge.
    public var callsPerSecond = 2.0
    /// Hosts whose wall clock is set once, by 20 to 200 ms either way.
    public var steppingHostCount = 0
    /// The share of calls whose child runs when it likes.
    public var asynchronousShare = 0.1
    /// The share of calls whose client gives up and says so.
    public var timeoutShare = 0.02
    /// The share of calls whose client gives up and does not say so.
    public var falseShare = 0.002
    /// How long after their responses servers end their spans, on average, in seconds.
    public var lateEnd = 0.0
    /// The standard deviation of the clocks' offsets, in seconds.
    public var offsetDeviation = 0.05
    /// The standard deviation of the clocks' drifts, in parts per million.
    public var driftDeviationPPM = 15.0
    /// By how much drifts come and go at most, in parts per million.
    public var wanderMaxPPM = 0.3

    /// A scenario with the usual clocks and calls.
    public init(_ name: String) {
        self.name = name
    }
}

extension ClockScenario {
    /// The scenarios of the benchmark.
    public static var all: [ClockScenario] {
        [
            scenario("8 hosts") { _ in },
            scenario("8 hosts, sparse") { $0.callsPerSecond = 0.2 },
            scenario("8 hosts, dense") { $0.callsPerSecond = 50 },
            scenario("12 hosts") { ($0.hostCount, $0.callsPerSecond) = (12, 5) },
            scenario("12 hosts, 4 step") {
                ($0.hostCount, $0.callsPerSecond, $0.steppingHostCount) = (12, 5, 4)
            },
            scenario("8 hosts, a minute") { ($0.seconds, $0.callsPerSecond) = (60, 20) },
            scenario("8 hosts, late ends") { $0.lateEnd = 300e-6 },
            scenario("100 hosts") { $0.hostCount = 100 },
            scenario("100 hosts, sparse") { ($0.hostCount, $0.callsPerSecond) = (100, 0.5) },
        ]
    }

    private static func scenario(
        _ name: String, _ change: (inout ClockScenario) -> Void
    ) -> ClockScenario {
        var scenario = ClockScenario(name)
        change(&scenario)
        return scenario
    }
}
