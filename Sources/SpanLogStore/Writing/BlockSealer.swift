import SpanLogFormat

/// Puts the header of one recorder in front of spans, and so makes them a block.
struct BlockSealer: Sendable {
    let recorderID: RecorderID
    let bootID: [UInt8]
    /// The serialized OTLP `Resource` of all spans.
    let resource: [UInt8]
    /// The serialized OTLP `InstrumentationScope` of all spans.
    let scope: [UInt8]

    /// What a block says of its spans.
    struct Summary: Sendable {
        let sequence: UInt64
        let spanCount: Int
        let earliestNanoseconds: UInt64
        let latestNanoseconds: UInt64
    }

    /// The value to store.
    func sealed(_ entries: [UInt8], _ summary: Summary, drops: DropCounters) -> [UInt8] {
        let prefix = TracesData.prefix(
            resource: resource, scope: scope, entriesByteCount: entries.count)
        let header = BlockHeader(
            recorderID: recorderID, sequence: summary.sequence,
            spanCount: UInt32(summary.spanCount),
            payloadByteCount: UInt64(prefix.count + entries.count),
            earliestNanoseconds: summary.spanCount == 0 ? 0 : summary.earliestNanoseconds,
            latestNanoseconds: summary.latestNanoseconds, anchor: Clocks.anchor(bootID: bootID),
            drops: drops)
        return Block.sealed(header, payload: [prefix, entries])
    }
}
