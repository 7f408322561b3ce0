/// How many spans a recorder has lost since it started, by reason. They only grow.
public struct DropCounters: Hashable, Sendable {
    /// Spans that ended while the recorder's memory was full.
    public var bufferFull: UInt64 = 0
    /// Spans that never reached the disk because writing failed until the recorder shut down.
    public var writeFailed: UInt64 = 0
    /// Spans larger than a block may be.
    public var tooLarge: UInt64 = 0
    /// Spans that ended after the recorder had shut down.
    public var afterShutdown: UInt64 = 0

    /// Spans that found no room in the table of open spans. They are recorded when they end, and
    /// would be missing among the unfinished ones if the process died before.
    public var openTableFull: UInt64 = 0

    /// Spans that are stored without attributes, events and message, because the service's hook
    /// that redacts them failed.
    public var redactionFailed: UInt64 = 0

    /// Creates counters that are all zero.
    public init() {}

    /// The number of spans lost, whatever the reason.
    public var total: UInt64 { bufferFull &+ writeFailed &+ tooLarge &+ afterShutdown }

    /// The counters in the order of the block header.
    package var all: [UInt64] {
        [bufferFull, writeFailed, tooLarge, afterShutdown, openTableFull, redactionFailed]
    }

    /// Counters in the order of the block header; further ones are unknown and left out.
    package init(_ all: [UInt64]) {
        bufferFull = all[0]
        writeFailed = all[1]
        tooLarge = all[2]
        afterShutdown = all[3]
        openTableFull = all[4]
        redactionFailed = all[5]
    }
}
