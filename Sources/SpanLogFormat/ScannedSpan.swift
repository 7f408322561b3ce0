/// What the merge needs of a serialized OTLP `Span`, found without decoding the rest.
///
/// All of the span is checked on the way, so what scans can be decoded later.
package struct ScannedSpan: Hashable, Sendable {
    package private(set) var traceID = TraceID(high: 0, low: 0)
    package private(set) var spanID: UInt64 = 0
    /// 0 for none.
    package private(set) var parentSpanID: UInt64 = 0
    package private(set) var startNanoseconds: UInt64 = 0
    /// 0 for a span whose end was never recorded.
    package private(set) var endNanoseconds: UInt64 = 0
    package private(set) var flags: UInt32 = 0
    /// As OTLP counts, 0 for what it does not know.
    package private(set) var kind: UInt8 = 0
    package private(set) var status: UInt8 = 0
    /// Whether the trace id has eight bytes, which were padded with zeros.
    package private(set) var isTraceIDShort = false
    package private(set) var linkCount = 0
    /// Where the name stands.
    package private(set) var name = 0..<0
    /// Whether the span is a note: see ``AttributeKey/noteName``.
    package private(set) var isNote = false
    /// The name is there more than once, of which the last one counts.
    package private(set) var hasSeveralNames = false
    private var hasName = false
    /// The fields from the first attribute to the last one, which may have others among them.
    package private(set) var attributes = 0..<0
    /// Where the text stands that the span gives its trace as a name.
    package private(set) var traceName: Range<Int>?
    /// What it says of the call that it is one side of.
    package private(set) var call = Call()

    /// Scans the span that `range` of `bytes` holds.
    ///
    /// - Parameter nestingMax: The levels that values of attributes may nest, instead of those that
    ///   readers follow.
    /// - Throws: ``SpanDefect/undecodable`` exactly where ``SpanRecord/init(decoding:_:)`` throws.
    /// - Complexity: O(*n*) in the number of bytes, without allocating.
    package init(
        scanning bytes: Span<UInt8>, _ range: Range<Int>, nestingMax: Int = SpanRecord.nestingMax
    ) throws(SpanDefect) {
        let depth = SpanRecord.nestingMax - nestingMax
        typealias Field = OTLPField.Span
        if try SpanElements.isTooMany(bytes, range) { throw .undecodable }
        var cursor = WireCursor(range)
        var start = cursor.position
        while let field = try cursor.next(bytes) {
            defer { start = cursor.position }
            switch field.number {
            case Field.traceID: try setTraceID(bytes, try field.range)
            case Field.spanID: spanID = try WireValue.spanID(bytes, try field.range)
            case Field.traceState: _ = try field.range
            case Field.parentSpanID:
                let range = try field.range
                parentSpanID = range.isEmpty ? 0 : try WireValue.spanID(bytes, range)
            case Field.name:
                if hasName { hasSeveralNames = true }
                hasName = true
                name = try field.range
                isNote = WireText.equals(AttributeKey.noteName, bytes, name)
            case Field.kind: kind = Self.clamped(try field.number64, max: 5)
            case Field.startNanoseconds: startNanoseconds = try field.number64
            case Field.endNanoseconds: endNanoseconds = try field.number64
            case Field.attributes:
                try addAttribute(bytes, try field.range, depth)
                attributes = (attributes.isEmpty ? start : attributes.lowerBound)..<cursor.position
            case Field.droppedAttributesCount, Field.droppedEventsCount, Field.droppedLinksCount:
                _ = try field.number64
            case Field.events:
                let name = try WireValue.checkEvent(bytes, try field.range, depth: depth)
                call.add(bytes, eventName: name)
            case Field.links:
                _ = try WireValue.link(bytes, try field.range, depth: depth)
                linkCount += 1
            case Field.status: status = try WireValue.status(bytes, try field.range)
            case Field.flags: flags = UInt32(truncatingIfNeeded: try field.number64)
            default: break
            }
        }
    }

    /// Why the span can be in no trace, or `nil` if it can.
    package var defect: SpanDefect? {
        if !traceID.isValid { return .noTraceID }
        if spanID == 0 { return .noSpanID }
        if startNanoseconds == 0 { return .noStart }
        if endNanoseconds != 0, endNanoseconds < startNanoseconds { return .endBeforeStart }
        if (startNanoseconds | endNanoseconds) >> 63 != 0 { return .impossibleTime }
        return nil
    }

    private mutating func setTraceID(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(SpanDefect) {
        traceID = try WireValue.traceID(bytes, range)
        isTraceIDShort = range.count == 8
    }

    private mutating func addAttribute(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ depth: Int
    ) throws(SpanDefect) {
        let (key, value) = try WireValue.checkAttribute(bytes, range, depth: depth)
        call.add(bytes, key: key, value: value)
        guard WireText.equals(AttributeKey.traceName, bytes, key) else { return }
        traceName = try value.flatMap { range throws(SpanDefect) in
            try WireValue.text(bytes, range)
        }
    }

    private static func clamped(_ value: UInt64, max: UInt8) -> UInt8 {
        value <= UInt64(max) ? UInt8(truncatingIfNeeded: value) : 0
    }
}

extension ScannedSpan {
    /// Where the name of the span at `range` stands.
    ///
    /// - Parameter hasSeveral: What the scan has said of it; otherwise the first name ends the search.
    /// - Precondition: The span has been scanned.
    package static func name(
        in bytes: Span<UInt8>, _ range: Range<Int>, hasSeveral: Bool
    ) -> Range<Int> {
        var name = range.lowerBound..<range.lowerBound
        var cursor = WireCursor(range)
        while let field = try? cursor.next(bytes) {
            guard field.number == OTLPField.Span.name else { continue }
            name = (try? field.range) ?? name
            if !hasSeveral { break }
        }
        return name
    }

    /// Calls `body` with the trace and the span that each link of the span at `range` names.
    ///
    /// - Precondition: The span has been scanned.
    package static func forEachLink(
        in bytes: [UInt8], _ range: Range<Int>, _ body: (TraceID, _ spanID: UInt64) -> Void
    ) {
        var cursor = WireCursor(range)
        while let field = try? cursor.next(bytes.span) {
            guard field.number == OTLPField.Span.links, let range = try? field.range,
                let link = try? WireValue.link(bytes.span, range)
            else { continue }
            body(link.traceID, link.spanID)
        }
    }
}
