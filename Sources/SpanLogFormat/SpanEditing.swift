/// Changes identifiers of a serialized OTLP `Span` and adds attributes, and leaves every other byte
/// as it was: fields that only other versions know included.
package struct SpanEditing: Sendable {
    package var traceID: TraceID?
    package var spanID: SpanID?
    /// The new parent; zero takes the parent away.
    package var parentSpanID: SpanID?
    package var attributes: [Attribute] = []

    package init() {}

    /// The bytes of `span` with the changes.
    ///
    /// - Precondition: `span` has been scanned.
    package func applied(to span: [UInt8]) -> [UInt8] {
        typealias Field = OTLPField.Span
        var writer = ProtobufWriter(reserving: span.count + 64)
        if let traceID { writer.data(Field.traceID, traceID.bytes) }
        if let spanID { writer.data(Field.spanID, spanID.bytes) }
        if let parentSpanID, parentSpanID.isValid {
            writer.data(Field.parentSpanID, parentSpanID.bytes)
        }
        var cursor = WireCursor(0..<span.count)
        var start = 0
        while let field = try? cursor.next(span.span) {
            let isReplaced =
                switch field.number {
                case Field.traceID: traceID != nil
                case Field.spanID: spanID != nil
                case Field.parentSpanID: parentSpanID != nil
                default: false
                }
            if !isReplaced { writer.bytes += span[start..<cursor.position] }
            start = cursor.position
        }
        writer.attributes(Field.attributes, attributes)
        return writer.bytes
    }
}
