/// Where the spans of a serialized OTLP `TracesData` lie, and what they have in common.
package struct SpanPlaces: Sendable {
    /// The spans of one scope.
    package struct Group: Hashable, Sendable {
        /// The bytes of the OTLP `Resource`, and the schema's URL; empty if there is none.
        package var resource = 0..<0
        package var resourceSchema = 0..<0
        /// The bytes of the OTLP `InstrumentationScope`, and the schema's URL.
        package var scope = 0..<0
        package var scopeSchema = 0..<0
        /// The places in ``SpanPlaces/spans`` of the group's spans.
        package var spans = 0..<0
        /// The `ResourceSpans` that the group stands in, its other fields included.
        package var resourceSpans = 0..<0
        /// The `ScopeSpans` that the group is, its other fields included.
        package var scopeSpans = 0..<0
    }

    package private(set) var groups: [Group] = []
    package private(set) var spans: [Range<Int>] = []
    /// Whether the bytes are no `TracesData` from some place on; what stands before was found.
    package private(set) var isBrokenOff = false

    /// Finds the spans that `range` of `bytes` holds.
    ///
    /// - Complexity: O(*n*) in the number of spans.
    package init(in bytes: Span<UInt8>, _ range: Range<Int>) {
        do {
            var cursor = WireCursor(range)
            while let field = try cursor.next(bytes) {
                guard field.number == OTLPField.TracesData.resourceSpans else { continue }
                try addResourceSpans(bytes, try field.range)
            }
        } catch {
            isBrokenOff = true
        }
    }

    private mutating func addResourceSpans(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(SpanDefect) {
        typealias Field = OTLPField.ResourceSpans
        var group = Group()
        group.resourceSpans = range
        var cursor = WireCursor(range)
        while let field = try cursor.next(bytes) {
            switch field.number {
            case Field.resource: group.resource = try field.range
            case Field.schemaURL: group.resourceSchema = try field.range
            default: break
            }
        }
        cursor = WireCursor(range)
        while let field = try cursor.next(bytes) {
            guard field.number == Field.scopeSpans else { continue }
            try addScopeSpans(bytes, try field.range, group)
        }
    }

    private mutating func addScopeSpans(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ group: Group
    ) throws(SpanDefect) {
        typealias Field = OTLPField.ScopeSpans
        var group = group
        group.scopeSpans = range
        let first = spans.count
        var cursor = WireCursor(range)
        defer {
            group.spans = first..<spans.count
            if !group.spans.isEmpty { groups.append(group) }
        }
        while let field = try cursor.next(bytes) {
            switch field.number {
            case Field.scope: group.scope = try field.range
            case Field.schemaURL: group.scopeSchema = try field.range
            case Field.spans: spans.append(try field.range)
            default: break
            }
        }
    }
}
