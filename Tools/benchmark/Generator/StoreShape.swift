/// What generated stores look like. The same shape and seed give the same bytes.
package struct StoreShape: Sendable, Codable {
    /// The seed of all random numbers.
    package var seed: UInt64 = 1
    package var hostCount = 8
    /// Services, spread over the hosts.
    package var serviceCount = 8
    /// Spans on all hosts together, before losses and duplicates.
    package var spanCount = 2_000_000
    /// The spans of a trace: this many, or this many on average if ``isSpread``.
    package var traceSpanCount = 5
    /// Whether traces differ in size: geometrically distributed, so that some are much larger.
    package var isSpread = false
    /// Which of the spans before it a span is below.
    package var parent = Parent.any

    /// A choice of parents.
    package enum Parent: String, Sendable, Codable {
        case any
        /// Each span has one child: a chain.
        case last
        /// The root has all children.
        case first
    }
    /// The bytes of a span, roughly.
    package var spanByteCount = 350
    /// Traces that start in a second.
    package var tracesPerSecond = 2000.0
    /// How far the clocks of hosts differ, at most.
    package var offsetNanosecondsMax: Int64 = 30_000_000
    /// How much the clocks of hosts drift, at most.
    package var driftPPMMax = 20.0
    /// The steps of each host's wall clock.
    package var stepCount = 0
    package var stepNanosecondsMax: Int64 = 100_000_000
    /// The share of spans that are recorded twice.
    package var duplicateShare = 0.0
    /// The share of blocks that are missing.
    package var lossShare = 0.0
    /// Blocks in which bits are flipped.
    package var damagedBlockCount = 0
    /// The bytes of spans that a block gathers.
    package var blockByteCount = 1 << 20
    /// Whether blocks are compressed, as recorders do it.
    package var isCompressed = true

    package init() {}
}
