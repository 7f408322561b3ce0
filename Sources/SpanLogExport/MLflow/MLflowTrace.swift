import SpanLogFormat
import SpanLogMerge
import SpanLogStore

/// A trace in the form in which it is sent.
struct MLflowTrace: Sendable {
    let id: TraceID
    let info: MLflowTraceInfo
    /// The spans, the main root last: as long as it is missing, the trace counts as in progress.
    let spans: [Span]
    /// The bytes of all spans and attachments.
    let byteCount: Int

    /// A span as it stands in a request.
    struct Span: Sendable {
        let id: SpanID
        /// The span with its tag and length.
        let bytes: [UInt8]
    }

    /// What the spans refer to.
    let attachments: [MLflowAttachment]

    /// - Returns: `nil` if there are only notes about the trace, and none of its spans.
    init?(_ archived: ArchivedTrace) {
        let trace = archived.withoutNotes.withGenAIFields
        guard !trace.spans.isEmpty else { return nil }
        let context = MLflowTraceContext(trace, MLflowTraceValues(archived))
        var order = Array(trace.spans.indices)
        if let root = context.rootIndex { order.append(order.remove(at: root)) }
        spans = order.map { Span(MLflowSpan.record(at: $0, of: trace, context)) }
        attachments = context.values.attachments
        byteCount =
            spans.reduce(0) { $0 + $1.bytes.count }
            + attachments.reduce(0) { $0 + $1.bytes.count }
        info = MLflowTraceInfo(trace, context)
        id = trace.id
    }

    /// A checksum of everything that is sent about the trace, wherever it goes.
    var checksum: UInt128 {
        let body = (try? info.body(experimentID: "", spanSizes: [])) ?? []
        let parts = spans.map(\.bytes) + [body] + attachments.map(\.bytes)
        let checksums = parts.flatMap { Checksum.xxh128($0, 0..<$0.count).littleEndianBytes }
        return Checksum.xxh128(checksums, 0..<checksums.count)
    }
}

extension MLflowTrace.Span {
    fileprivate init(_ record: SpanRecord) {
        var writer = ProtobufWriter(reserving: 1024)
        writer.message(OTLPField.ScopeSpans.spans) { record.encode(into: &$0) }
        id = record.spanID
        bytes = writer.bytes
    }
}

extension Collection<MLflowTrace.Span> {
    /// The body of a request with these spans. The resource is empty, because the server would
    /// make one service's resource the tags of the whole trace.
    var requestBody: [UInt8] {
        let count = reduce(0) { $0 + $1.bytes.count }
        var body = TracesData.prefix(resource: [], scope: [], entriesByteCount: count)
        body.reserveCapacity(body.count + count)
        for span in self { body += span.bytes }
        return body
    }
}

/// Traces that one request takes together.
struct MLflowBatch: Sendable {
    private(set) var traces: [MLflowTrace] = []
    private(set) var spanCount = 0
    private(set) var byteCount = 0

    var isEmpty: Bool { traces.isEmpty }

    /// Whether `trace` can be added within `limits`.
    func hasRoom(for trace: MLflowTrace, within limits: MLflowRequestLimits) -> Bool {
        spanCount + trace.spans.count <= limits.spanCountMax
            && byteCount + trace.byteCount <= limits.byteCountMax
    }

    mutating func append(_ trace: MLflowTrace) {
        traces.append(trace)
        spanCount += trace.spans.count
        byteCount += trace.byteCount
    }
}

/// How much one request may hold. A single span is sent whatever its size.
struct MLflowRequestLimits: Sendable {
    /// Larger requests gain nothing, and the server does nothing else while it reads one.
    var spanCountMax = 1000
    var byteCountMax = 8 << 20

    /// The longest prefix of `spans` that fits, one span at least.
    func prefix(of spans: ArraySlice<MLflowTrace.Span>) -> ArraySlice<MLflowTrace.Span> {
        var byteCount = 0
        let count = spans.prefix(spanCountMax).prefix { span in
            byteCount += span.bytes.count
            return byteCount <= byteCountMax
        }.count
        return spans.prefix(Swift.max(count, 1))
    }
}
