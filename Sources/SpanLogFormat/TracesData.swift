/// Takes a serialized OTLP `TracesData` apart without decoding its spans, and puts one together.
package enum TracesData {
    /// Where one span, its scope and its resource lie in the bytes.
    package struct Location: Hashable, Sendable {
        /// The bytes of the OTLP `Resource`; empty if there is none.
        package let resource: Range<Int>
        /// The bytes of the OTLP `InstrumentationScope`; empty if there is none.
        package let scope: Range<Int>
        /// The bytes of the OTLP `Span`.
        package let span: Range<Int>
    }

    /// Calls `body` with the place of each span, in the order of the bytes.
    ///
    /// - Throws: ``FormatError`` if the bytes are no `TracesData`; spans before the fault have
    ///   been delivered by then.
    /// - Complexity: O(*n*) in the number of spans.
    package static func forEachSpan(
        in bytes: [UInt8], _ range: Range<Int>? = nil, _ body: (Location) throws -> Void
    ) throws {
        try forEachField(OTLPField.TracesData.resourceSpans, in: bytes, range) { group in
            try forEachSpan(inResourceSpans: group, of: bytes, body)
        }
    }

    /// As ``forEachSpan(in:_:_:)``, within the `ResourceSpans` at `range`.
    package static func forEachSpan(
        inResourceSpans range: Range<Int>, of bytes: [UInt8], _ body: (Location) throws -> Void
    ) throws {
        let resource = try last(OTLPField.ResourceSpans.resource, in: bytes, range)
        try forEachField(OTLPField.ResourceSpans.scopeSpans, in: bytes, range) { spans in
            let scope = try last(OTLPField.ScopeSpans.scope, in: bytes, spans)
            try forEachField(OTLPField.ScopeSpans.spans, in: bytes, spans) { span in
                try body(Location(resource: resource, scope: scope, span: span))
            }
        }
    }

    /// The bytes of `TracesData` before and around `entriesByteCount` bytes of spans of one
    /// resource and scope, where each span stands with its tag and length already.
    ///
    /// What follows these bytes is the spans' entries, and nothing follows those, so a writer can
    /// seal what it gathered without moving it.
    package static func prefix(
        resource: [UInt8], scope: [UInt8], entriesByteCount: Int
    ) -> [UInt8] {
        var scopeField = ProtobufWriter()
        scopeField.data(OTLPField.ScopeSpans.scope, scope)
        var resourceField = ProtobufWriter()
        resourceField.data(OTLPField.ResourceSpans.resource, resource)

        let scopeSpansCount = scopeField.bytes.count + entriesByteCount
        var scopeSpans = ProtobufWriter()
        scopeSpans.tag(OTLPField.ResourceSpans.scopeSpans, .lengthDelimited)
        scopeSpans.varint(UInt64(scopeSpansCount))

        let count = resourceField.bytes.count + scopeSpans.bytes.count + scopeSpansCount
        var writer = ProtobufWriter()
        writer.tag(OTLPField.TracesData.resourceSpans, .lengthDelimited)
        writer.varint(UInt64(count))
        return writer.bytes + resourceField.bytes + scopeSpans.bytes + scopeField.bytes
    }

    /// The bytes of an OTLP `InstrumentationScope`.
    package static func scope(name: String, version: String) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.string(OTLPField.Scope.name, name)
        writer.string(OTLPField.Scope.version, version)
        return writer.bytes
    }

    private static func forEachField(
        _ number: Int, in bytes: [UInt8], _ range: Range<Int>?, _ body: (Range<Int>) throws -> Void
    ) throws {
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            if field.number == number { try body(try reader.range(field.value)) }
        }
    }

    private static func last(
        _ number: Int, in bytes: [UInt8], _ range: Range<Int>
    ) throws(FormatError) -> Range<Int> {
        var result = range.lowerBound..<range.lowerBound
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            if field.number == number { result = try reader.range(field.value) }
        }
        return result
    }
}

extension TracesData {
    /// The first resource, or `nil` if there is none.
    package static func firstResource(
        in bytes: [UInt8], _ range: Range<Int>
    ) throws -> Resource? {
        var resource: Resource?
        try forEachField(OTLPField.TracesData.resourceSpans, in: bytes, range) { group in
            guard resource == nil else { return }
            let place = try last(OTLPField.ResourceSpans.resource, in: bytes, group)
            resource = try Resource(decoding: bytes, place)
        }
        return resource
    }
}
