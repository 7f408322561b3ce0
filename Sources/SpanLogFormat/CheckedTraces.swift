/// A serialized OTLP `TracesData` from somebody who is not trusted, checked as the merge checks what it
/// reads, and taken apart by resource.
///
/// Spans that can be in no trace are left out and counted by the reason, and so are those that other
/// readers could not follow. Texts that are no UTF-8 are repaired.
package struct CheckedTraces: Sendable {
    /// One `ResourceSpans` with at least one span.
    package struct Part: Sendable {
        /// What holds the part and its resource.
        package let bytes: [UInt8]
        /// The `ResourceSpans` with its tag and length, as it stands in a `TracesData`.
        package let entry: Range<Int>
        /// The OTLP `Resource` and the URL of its schema; empty if there is none.
        package let resource: Range<Int>
        package let schemaURL: Range<Int>
        package fileprivate(set) var spanCount = 0
        /// The least start and the greatest end of a span.
        package fileprivate(set) var earliestNanoseconds = UInt64.max
        package fileprivate(set) var latestNanoseconds: UInt64 = 0
    }

    /// How much one message may hold.
    package struct Limits: Hashable, Sendable {
        package var spanCountMax = 1 << 18
        package var partCountMax = 1 << 12

        package init() {}
    }

    package private(set) var parts: [Part] = []
    /// The number of spans in ``parts``.
    package private(set) var spanCount = 0
    /// The number of spans that were left out, by the reason.
    package private(set) var rejections: [SpanDefect: Int] = [:]

    private let bytes: [UInt8]
    private let limits: Limits

    /// Checks all of `bytes`.
    ///
    /// - Throws: ``FormatError`` if they are no `TracesData`, or hold more than `limits` allow.
    /// - Complexity: O(*n*) in the number of bytes.
    package init(checking bytes: [UInt8], limits: Limits = Limits()) throws(FormatError) {
        let bytes = OTLPText.repaired(bytes)
        self.bytes = bytes
        self.limits = limits
        do throws(SpanDefect) {
            var cursor = WireCursor(0..<bytes.count)
            var start = 0
            while let field = try cursor.next(bytes.span) {
                if field.number == OTLPField.TracesData.resourceSpans {
                    try add(entry: start..<cursor.position, try field.range)
                }
                start = cursor.position
            }
        } catch {
            throw FormatError("the bytes are no ExportTraceServiceRequest")
        }
        guard parts.count <= limits.partCountMax, seenCount <= limits.spanCountMax else {
            throw FormatError(
                "there are more than \(limits.spanCountMax) spans or \(limits.partCountMax) "
                    + "resources in one request")
        }
    }

    /// Protocol Buffers' own parsers follow 100 messages: six around the value of an event's attribute
    /// and three for each map in a map. What is deeper, they would refuse with all that is beside it.
    package static let nestingMax = 30

    /// Spans that were accepted, and others.
    private var seenCount: Int { rejections.values.reduce(spanCount, +) }
}

extension CheckedTraces {
    /// Takes the `ResourceSpans` whose content is at `range`.
    private mutating func add(entry: Range<Int>, _ range: Range<Int>) throws(SpanDefect) {
        typealias Field = OTLPField.ResourceSpans
        var (resource, schemaURL) = (0..<0, 0..<0)
        var cursor = WireCursor(range)
        while let field = try cursor.next(bytes.span) {
            switch field.number {
            case Field.resource: resource = try field.range
            case Field.schemaURL: schemaURL = try field.range
            default: break
            }
        }
        var part = Part(bytes: bytes, entry: entry, resource: resource, schemaURL: schemaURL)
        let isKnown = (try? Resource(decoding: bytes, resource)) != nil
        var rejected: [Range<Int>] = []
        cursor = WireCursor(range)
        while let field = try cursor.next(bytes.span) {
            guard field.number == Field.scopeSpans else { continue }
            try check(scopeSpans: try field.range, isKnown, &part, &rejected)
        }
        guard part.spanCount > 0, parts.count <= limits.partCountMax else { return }
        spanCount += part.spanCount
        parts.append(rejected.isEmpty ? part : try part.without(rejected, range))
    }

    /// - Parameter rejected: The spans that are to be left out, with their tags and lengths.
    private mutating func check(
        scopeSpans range: Range<Int>, _ isResourceKnown: Bool, _ part: inout Part,
        _ rejected: inout [Range<Int>]
    ) throws(SpanDefect) {
        var cursor = WireCursor(range)
        var start = range.lowerBound
        while let field = try cursor.next(bytes.span) {
            defer { start = cursor.position }
            switch field.number {
            case OTLPField.ScopeSpans.scope, OTLPField.ScopeSpans.schemaURL: _ = try field.range
            case OTLPField.ScopeSpans.spans:
                let span = try field.range
                // What is more than allowed is not looked at: all of the message is refused.
                guard spanCount + part.spanCount + rejected.count <= limits.spanCountMax else {
                    return rejections[.undecodable, default: 0] += limits.spanCountMax
                }
                let defect = isResourceKnown ? check(span, &part) : .undecodable
                guard let defect else { continue }
                rejections[defect, default: 0] += 1
                rejected.append(start..<cursor.position)
            default: break
            }
        }
    }

    /// Why the span can be in no trace; `nil` if it can, and belongs to the part.
    private func check(_ range: Range<Int>, _ part: inout Part) -> SpanDefect? {
        do throws(SpanDefect) {
            let span = try ScannedSpan(
                scanning: bytes.span, range, nestingMax: Self.nestingMax)
            if let defect = span.defect { return defect }
            part.spanCount += 1
            part.earliestNanoseconds = min(part.earliestNanoseconds, span.startNanoseconds)
            part.latestNanoseconds = max(
                part.latestNanoseconds, span.startNanoseconds, span.endNanoseconds)
            return nil
        } catch {
            return error
        }
    }
}

extension CheckedTraces.Part {
    /// The same without some spans; everything else stays as it is.
    fileprivate func without(
        _ rejected: [Range<Int>], _ range: Range<Int>
    ) throws(SpanDefect) -> Self {
        let rejected = Set(rejected)
        var content = ProtobufWriter(reserving: entry.count)
        var cursor = WireCursor(range)
        var start = range.lowerBound
        while let field = try cursor.next(bytes.span) {
            if field.number == OTLPField.ResourceSpans.scopeSpans {
                let spans = try kept(of: try field.range, without: rejected)
                content.data(OTLPField.ResourceSpans.scopeSpans, spans)
            } else {
                content.bytes += bytes[start..<cursor.position]
            }
            start = cursor.position
        }
        let identity = bytes[resource] + bytes[schemaURL]
        var writer = ProtobufWriter(reserving: content.bytes.count + identity.count + 16)
        writer.bytes += identity
        writer.data(OTLPField.TracesData.resourceSpans, content.bytes)
        var part = Self(
            bytes: writer.bytes, entry: identity.count..<writer.bytes.count,
            resource: 0..<resource.count, schemaURL: resource.count..<identity.count)
        part.spanCount = spanCount
        part.earliestNanoseconds = earliestNanoseconds
        part.latestNanoseconds = latestNanoseconds
        return part
    }

    private func kept(
        of scopeSpans: Range<Int>, without rejected: Set<Range<Int>>
    ) throws(SpanDefect) -> [UInt8] {
        var kept: [UInt8] = []
        var cursor = WireCursor(scopeSpans)
        var start = scopeSpans.lowerBound
        while try cursor.next(bytes.span) != nil {
            let field = start..<cursor.position
            if !rejected.contains(field) { kept += bytes[field] }
            start = cursor.position
        }
        return kept
    }
}
