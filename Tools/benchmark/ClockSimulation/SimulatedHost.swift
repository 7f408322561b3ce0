internal import Glibc
internal import SpanLogFormat
internal import SpanLogMerge

/// A host with its clock.
struct SimulatedHost {
    let domain: ClockDomain
    let bootID: [UInt8]
    /// Seconds, parts per one, and the sinusoid that temperature makes of the drift.
    private let offset: Double
    private let drift: Double
    private let wander: Double
    private let wanderPeriod: Double
    private let wanderPhase: Double
    /// When the wall clock is set, by true time, and by how much: in seconds.
    private let step: (time: Double, size: Double)?

    init(_ number: Int, _ scenario: ClockScenario, _ random: inout RandomNumbers) {
        bootID = UInt64(number + 1).bigEndianBytes + UInt64(scenario.seed).bigEndianBytes
        domain = ClockDomain(bootID: bootID) ?? ClockDomain(instance: "\(number)")
        offset = random.normal(deviation: scenario.offsetDeviation)
        drift = random.normal(deviation: scenario.driftDeviationPPM / 1e6)
        wander = random.uniform(0, scenario.wanderMaxPPM / 1e6)
        wanderPeriod = random.uniform(900, 2400)
        wanderPhase = random.uniform(0, 2 * .pi)
        let time = random.uniform(0.3, 0.7) * scenario.seconds
        let size = (random.unit() < 0.5 ? -1 : 1) * random.uniform(0.02, 0.2)
        step = number > 0 && number <= scenario.steppingHostCount ? (time, size) : nil
    }

    /// What a clock that is never set says at a true time, in seconds.
    func unstepped(_ time: Double) -> Double {
        let turn = 2 * Double.pi / wanderPeriod
        return time + offset + drift * time
            + wander / turn * (sin(turn * time + wanderPhase) - sin(wanderPhase))
    }

    /// CLOCK_REALTIME at a true time, in nanoseconds since 1970.
    func wall(_ time: Double) -> UInt64 {
        let stepped = step.map { time >= $0.time ? $0.size : 0 } ?? 0
        return Self.epoch + Self.nanoseconds(unstepped(time) + stepped)
    }

    /// CLOCK_BOOTTIME at a true time, in nanoseconds.
    func boottime(_ time: Double) -> UInt64 {
        Self.nanoseconds(unstepped(time))
    }

    /// When the block of a span that ended at `time` is sealed.
    static func sealTime(_ time: Double) -> Double {
        ((time / sealInterval).rounded(.down) + 1) * sealInterval
    }

    /// The anchors of all blocks up to `end`.
    func line(until end: Double) -> ClockLine {
        var anchors = ClockAnchors()
        for time in stride(from: 0, through: end + 2 * Self.sealInterval, by: Self.sealInterval) {
            anchors.add(
                ClockAnchor(
                    bootID: bootID, realtimeNanoseconds: wall(time),
                    boottimeNanoseconds: boottime(time), uncertaintyNanoseconds: 100))
        }
        return ClockLine(anchors)
    }

    private static func nanoseconds(_ seconds: Double) -> UInt64 {
        UInt64((seconds + bootAge) * 1e9)
    }

    private static let sealInterval = 0.2
    /// The hosts were up for an hour.
    private static let bootAge = 3600.0
    private static let epoch: UInt64 = 1_760_000_000_000_000_000
}
