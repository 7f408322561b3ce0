package import SpanLogFormat

/// The anchors of one boot that tell how its wall clock was stepped.
///
/// A recorder leaves five a second. Of each 16 seconds, and each half millisecond of the distance of
/// the two clocks, the first and the last are kept: those around a step among them. Which ones that
/// are depends on the set of anchors alone.
package struct ClockAnchors: Hashable, Sendable {
    private var runs: [Key: Run] = [:]

    /// An anchor as far as steps are concerned.
    struct Reading: Hashable, Comparable, Sendable {
        let boottime: Int64
        /// Wall clock minus clock since boot.
        let offset: Int64

        static func < (left: Reading, right: Reading) -> Bool {
            (left.boottime, left.offset) < (right.boottime, right.offset)
        }
    }

    private struct Key: Hashable, Sendable {
        let time: Int64
        let offset: Int64

        init(_ reading: Reading) {
            time = reading.boottime / 16_000_000_000
            offset = reading.offset >> 19
        }
    }

    private struct Run: Hashable, Sendable {
        var first: Reading
        var last: Reading
    }

    package init() {}

    /// Adds an anchor of this boot. One whose two clocks were read too far apart is passed over.
    package mutating func add(_ anchor: ClockAnchor) {
        guard anchor.uncertaintyNanoseconds <= Self.uncertaintyMax else { return }
        let boottime = ClockTime.clamped(anchor.boottimeNanoseconds)
        let wall = ClockTime.clamped(anchor.realtimeNanoseconds)
        add(Reading(boottime: boottime, offset: wall - boottime))
    }

    private mutating func add(_ reading: Reading) {
        let key = Key(reading)
        let run = runs[key] ?? Run(first: reading, last: reading)
        runs[key] = Run(first: min(run.first, reading), last: max(run.last, reading))
    }

    /// Adds the anchors of `other`, of the same boot.
    package mutating func merge(_ other: ClockAnchors) {
        for reading in other.readings { add(reading) }
    }

    /// What is kept, by time since boot.
    var readings: [Reading] {
        Set(runs.values.flatMap { [$0.first, $0.last] }).sorted()
    }

    /// A thread that lost its core between two readings says nothing about milliseconds.
    private static let uncertaintyMax: UInt64 = 1_000_000
}
