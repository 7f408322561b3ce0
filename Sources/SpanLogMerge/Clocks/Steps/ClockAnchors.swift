package import SpanLogFormat

/// The anchors of one boot that tell how its wall clock was stepped.
///
/// A recorder leaves five a second. Of each cell of time, and each half millisecond of the distance of
/// the two clocks, the first and the last are kept: those around a step among them. A cell has 16
/// seconds, or so many times that, by doubling, that there are no more than ``cellMax``. Which anchors
/// those are depends on the set of anchors alone: a longer cell is the union of shorter ones.
package struct ClockAnchors: Hashable, Sendable {
    private var runs: [Cell: Run] = [:]
    /// How often the cells were doubled.
    private(set) var doublings: Int64 = 0

    /// An anchor as far as steps are concerned.
    struct Reading: Hashable, Comparable, Sendable {
        let boottime: Int64
        /// Wall clock minus clock since boot.
        let offset: Int64

        static func < (left: Reading, right: Reading) -> Bool {
            (left.boottime, left.offset) < (right.boottime, right.offset)
        }
    }

    private struct Cell: Hashable, Sendable {
        let time: Int64
        let offset: Int64

        init(_ reading: Reading, _ doublings: Int64) {
            time = (reading.boottime / 16_000_000_000) >> doublings
            // Once a cell has days: a clock that is set all the time must not fill the memory.
            offset = reading.offset >> (19 + max(0, doublings - 14))
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
        keep(reading)
        while runs.count > Self.cellMax, doublings < Self.doublingsMax {
            coarsen(to: doublings + 1)
        }
    }

    private mutating func keep(_ reading: Reading) {
        let cell = Cell(reading, doublings)
        let run = runs[cell] ?? Run(first: reading, last: reading)
        runs[cell] = Run(first: min(run.first, reading), last: max(run.last, reading))
    }

    /// Adds the anchors of `other`, of the same boot.
    package mutating func merge(_ other: ClockAnchors) {
        if other.doublings > doublings { coarsen(to: other.doublings) }
        for reading in other.readings { add(reading) }
    }

    private mutating func coarsen(to doublings: Int64) {
        let kept = readings
        self.doublings = doublings
        runs = [:]
        for reading in kept { keep(reading) }
    }

    /// What is kept, by time since boot.
    var readings: [Reading] {
        Set(runs.values.flatMap { [$0.first, $0.last] }).sorted()
    }

    /// A thread that lost its core between two readings says nothing about milliseconds.
    private static let uncertaintyMax: UInt64 = 1_000_000
    /// Four and a half hours of 16 seconds each.
    static let cellMax = 1024
    /// Then all that there is has one cell.
    private static let doublingsMax: Int64 = 60
}

extension ClockAnchors {
    /// The anchors that ``readings`` and ``doublings`` of others told of.
    init(_ readings: some Sequence<Reading>, doublings: Int64) {
        self.doublings = max(0, min(doublings, Self.doublingsMax))
        for reading in readings { add(reading) }
    }
}
