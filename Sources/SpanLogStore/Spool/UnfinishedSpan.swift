import SpanLogFormat

/// A span whose end was never recorded, because its process died or ended first.
package enum UnfinishedSpan {
    /// An unfinished span as a serialized OTLP `Span`.
    ///
    /// - Parameters:
    ///   - content: The fields of the span that are known; its end is not among them.
    ///   - lastSeenNanoseconds: When its recorder was last alive; 0 if that is not known.
    static func span(_ content: [UInt8], lastSeenNanoseconds: UInt64) -> [UInt8] {
        guard lastSeenNanoseconds > 0 else { return content }
        var writer = ProtobufWriter()
        let lastSeen = AttributeValue.int(Int64(clamping: lastSeenNanoseconds))
        writer.attributes(OTLPField.Span.attributes, [Attribute(AttributeKey.lastSeen, lastSeen)])
        return content + writer.bytes
    }

    /// The same as an entry of a block.
    static func entry(_ content: [UInt8], lastSeenNanoseconds: UInt64) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.data(
            OTLPField.ScopeSpans.spans,
            span(content, lastSeenNanoseconds: lastSeenNanoseconds))
        return writer.bytes
    }
}
