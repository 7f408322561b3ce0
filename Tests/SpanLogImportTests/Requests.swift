import SpanLogFormat
import SpanLogTestSupport

/// An OTLP `ExportTraceServiceRequest`, put together by hand.
struct Request {
    private(set) var bytes: [UInt8] = []

    /// Adds the spans of one service, given as bytes, in one scope.
    init(service: String, _ spans: [[UInt8]]) {
        add(service: service, spans)
    }

    init(service: String, _ spans: [SpanRecord]) {
        self.init(service: service, spans.map { $0.encoded() })
    }

    mutating func add(service: String, _ spans: [[UInt8]]) {
        let resource = Resource(attributes: [Attribute("service.name", .string(service))])
        var writer = ProtobufWriter()
        for span in spans { writer.data(OTLPField.ScopeSpans.spans, span) }
        bytes +=
            TracesData.prefix(
                resource: resource.encoded(), scope: TracesData.scope(name: "test", version: "1"),
                entriesByteCount: writer.bytes.count) + writer.bytes
    }
}

extension SpanRecord {
    /// A span of one nanosecond of the trace 7.
    static func span(
        _ id: UInt64, parent: UInt64? = nil, trace: UInt64 = 7, start: UInt64 = 100
    ) -> SpanRecord {
        SpanRecord(
            traceID: TraceID(high: 0, low: trace), spanID: SpanID(id),
            parentSpanID: parent.map { SpanID($0) }, name: "span \(id)",
            startNanoseconds: start, endNanoseconds: start + 1)
    }
}
