import SpanLogFormat

/// The tag and length in front of a span within OTLP's `ScopeSpans`.
enum EntryPrefix {
    static func append(spanByteCount: Int, to bytes: inout [UInt8]) {
        var writer = ProtobufWriter()
        swap(&writer.bytes, &bytes)
        writer.tag(OTLPField.ScopeSpans.spans, .lengthDelimited)
        writer.varint(UInt64(spanByteCount))
        swap(&writer.bytes, &bytes)
    }
}
