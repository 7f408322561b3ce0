import SpanLogFormat

/// A record on its way through the merge: what the join needs of it, and where it is.
///
/// 80 bytes without a gap between its fields, since it is written to temporary space as it is.
struct Record: BitwiseCopyable, Sendable {
    var traceHigh: UInt64
    var traceLow: UInt64
    var spanID: UInt64
    /// 0 for none.
    var parentID: UInt64
    var start: UInt64
    /// 0 for a span whose end was never recorded.
    var end: UInt64
    /// XXH3-64 of its bytes.
    var hash: UInt64
    /// The number of the block among all of the merge.
    var block: UInt32
    /// The place among the spans of the block.
    var index: UInt32
    /// The producer's number among all that are registered, or its place in the chunk's own list
    /// with ``ownProducer`` added; once the partition is in memory, its place there.
    var producer: UInt32
    /// Where its texts begin in its chunk or partition: the name, and what ``calledCount`` says.
    var offset: UInt32
    /// The bytes of the name: the one that the span gives its trace, if it does.
    var nameCount: UInt32
    /// OTLP's number.
    var kind: UInt8
    /// The bytes of what the span called, behind the name; 0 if it does not say.
    var calledCount: UInt8
    var traits: Traits

    /// What else there is to know.
    struct Traits: OptionSet, BitwiseCopyable, Sendable {
        let rawValue: UInt16

        /// A record that can be in no trace. `kind` is the place of its reason among all of them.
        static let isSetAside = Traits(rawValue: 1)
        /// A link from the span `parentID` of the trace (`start`, `end`) to the span of this key.
        static let isLink = Traits(rawValue: 2)
        /// The span gives its trace a name.
        static let hasTraceName = Traits(rawValue: 4)
        /// The trace id had 64 bits.
        static let isTraceIDShort = Traits(rawValue: 8)
        /// It is known whether the parent lives in another process.
        static let isParentPlaceKnown = Traits(rawValue: 16)
        /// The parent lives in another process.
        static let isParentRemote = Traits(rawValue: 32)
        /// The span's own context is not sampled.
        static let isNotSampled = Traits(rawValue: 64)
        /// The record was in an archive before.
        static let isFromArchive = Traits(rawValue: 128)
        /// The span is a note, which has no place in the tree of its trace.
        static let isNote = Traits(rawValue: 256)
        /// More messages than those of one call are sent while the span is open.
        static let isStreaming = Traits(rawValue: 512)
        /// An attribute tells that the span's call failed, timed out or was cancelled.
        static let tellsFailure = Traits(rawValue: 1024)
        /// The span ended well.
        static let isOK = Traits(rawValue: 2048)
        /// The span ended with an error.
        static let isError = Traits(rawValue: 4096)
    }

    var traceID: TraceID { TraceID(high: traceHigh, low: traceLow) }
    var name: Range<Int> { Int(offset)..<Int(offset) + Int(nameCount) }
    var called: Range<Int> { name.upperBound..<name.upperBound + Int(calledCount) }
    var texts: Range<Int> { name.lowerBound..<called.upperBound }
    var isFinished: Bool { end != 0 }

    static let ownProducer: UInt32 = 1 << 31

    /// The range of a name, without what is beyond ``nameCountMax``: whoever gives spans names of megabytes
    /// must not fill the memory with them.
    static func shortened(_ name: Range<Int>, in bytes: [UInt8]) -> Range<Int> {
        guard name.count > nameCountMax else { return name }
        var end = name.lowerBound + nameCountMax
        // No character of UTF-8 is cut in two.
        while end > name.lowerBound, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return name.lowerBound..<end
    }

    static let nameCountMax = 4096

    /// What a record takes with its texts, as a rule.
    static let usualByteCount = MemoryLayout<Record>.stride + 20

    /// Decides the partition, and the order within it.
    @inline(__always)
    var order: UInt64 { Mix.mix(traceLow) }
}

extension Record {
    /// What fills memory until a record is read there.
    static let none = Record(
        traceHigh: 0, traceLow: 0, spanID: 0, parentID: 0, start: 0, end: 0, hash: 0, block: 0,
        index: 0, producer: 0, offset: 0, nameCount: 0, kind: 0, calledCount: 0, traits: [])

    init(_ span: ScannedSpan, hash: UInt64, place: RecordPlace) {
        traceHigh = span.traceID.high
        traceLow = span.traceID.low
        spanID = span.spanID
        parentID = span.parentSpanID
        start = span.startNanoseconds
        end = span.endNanoseconds
        self.hash = hash
        block = place.block
        index = place.index
        producer = place.producer
        offset = 0
        nameCount = 0
        kind = span.kind
        calledCount = 0
        var traits = place.traits
        if span.status == 1 { traits.insert(.isOK) }
        if span.status == 2 { traits.insert(.isError) }
        if span.traceName != nil { traits.insert(.hasTraceName) }
        if span.isNote { traits.insert(.isNote) }
        if span.isTraceIDShort { traits.insert(.isTraceIDShort) }
        traits.insert(Traits(span.call))
        if span.flags & SpanRecord.parentRemoteKnown != 0 {
            traits.insert(.isParentPlaceKnown)
            if span.flags & SpanRecord.parentRemote != 0 { traits.insert(.isParentRemote) }
            // Writers that say nothing about the parent often say nothing of sampling either.
            if span.flags & 1 == 0 { traits.insert(.isNotSampled) }
        }
        self.traits = traits
    }

    /// A record that can be in no trace.
    init(setAside reason: SetAsideReason, hash: UInt64, place: RecordPlace) {
        self.init(
            traceHigh: 0, traceLow: hash, spanID: 0, parentID: 0, start: 0, end: 0, hash: hash,
            block: place.block, index: place.index, producer: place.producer, offset: 0,
            nameCount: 0, kind: reason.rawValue, calledCount: 0,
            traits: place.traits.union(.isSetAside))
    }

    /// A link from `source` to the span `spanID` of the trace `traceID`.
    init(linkTo traceID: TraceID, _ spanID: UInt64, from source: ScannedSpan) {
        self.init(
            traceHigh: traceID.high, traceLow: traceID.low, spanID: spanID,
            parentID: source.spanID, start: source.traceID.high, end: source.traceID.low,
            hash: 0, block: 0, index: 0, producer: 0, offset: 0, nameCount: 0, kind: 0,
            calledCount: 0, traits: .isLink)
    }
}

extension Record.Traits {
    /// What a span says of its call.
    @inline(__always)
    init(_ call: ScannedSpan.Call) {
        self = []
        if call.tellsFailure { insert(.tellsFailure) }
        if call.messageCount > ClockSpan.messagesOfOneCall { insert(.isStreaming) }
    }
}

/// Where a record was read, and who wrote it.
struct RecordPlace {
    /// As in ``Record``.
    var block: UInt32
    var index: UInt32
    var producer: UInt32
    var traits: Record.Traits = []
}

/// Why a record can be in no trace.
enum SetAsideReason: UInt8, CaseIterable, Sendable {
    case undecodableSpan, noTraceID, noSpanID, noStart, endBeforeStart, impossibleTime
    case undecodableResource, undecodableBlock

    init(_ defect: SpanDefect) {
        self =
            switch defect {
            case .undecodable: .undecodableSpan
            case .noTraceID: .noTraceID
            case .noSpanID: .noSpanID
            case .noStart: .noStart
            case .endBeforeStart: .endBeforeStart
            case .impossibleTime: .impossibleTime
            }
    }

    var text: String {
        switch self {
        case .undecodableSpan: SpanDefect.undecodable.rawValue
        case .noTraceID: SpanDefect.noTraceID.rawValue
        case .noSpanID: SpanDefect.noSpanID.rawValue
        case .noStart: SpanDefect.noStart.rawValue
        case .endBeforeStart: SpanDefect.endBeforeStart.rawValue
        case .impossibleTime: SpanDefect.impossibleTime.rawValue
        case .undecodableResource: "undecodable resource"
        case .undecodableBlock: "undecodable block"
        }
    }
}
