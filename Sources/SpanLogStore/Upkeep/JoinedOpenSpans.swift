import SpanLogFormat

/// Several blocks of one recorder's open spans, as one.
///
/// Messages of Protocol Buffers that stand behind each other are one message, so their payloads are one
/// `TracesData`. What is in it twice counts once when it is merged, as it did before.
struct JoinedOpenSpans {
    private var header: BlockHeader
    private var payload: [UInt8]
    private let isBroken: Bool

    init(_ block: Block) {
        header = block.header
        payload = Array(block.bytes[block.payload])
        isBroken = Self.isBroken(block)
    }

    private static func isBroken(_ block: Block) -> Bool {
        SpanPlaces(in: block.bytes.span, block.payload).isBrokenOff
    }

    /// - Returns: Whether there was room for it.
    mutating func add(_ block: Block) -> Bool {
        let other = block.header
        guard other.anchor.bootID == header.anchor.bootID, !isBroken, !Self.isBroken(block),
            UInt64(payload.count + block.payload.count) <= BlockHeader.payloadByteCountMax
        else { return false }
        payload += block.bytes[block.payload]
        let (count, isOverflow) = header.spanCount.addingReportingOverflow(other.spanCount)
        header.spanCount = isOverflow ? .max : count
        header.earliestNanoseconds = min(header.earliestNanoseconds, other.earliestNanoseconds)
        header.latestNanoseconds = max(header.latestNanoseconds, other.latestNanoseconds)
        header.drops.raise(to: other.drops)
        if other.anchor.boottimeNanoseconds > header.anchor.boottimeNanoseconds {
            header.anchor = other.anchor
        }
        return true
    }

    var block: Block {
        var header = header
        header.payloadByteCount = UInt64(payload.count)
        return Block(recovered: header, prefix: [], entries: payload, holdsOpenSpans: true)
    }
}
