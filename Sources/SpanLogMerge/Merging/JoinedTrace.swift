import SpanLogFormat

/// A trace on its way into the archive.
struct JoinedTrace {
    let summary: TraceSummary
    /// The spans, in parts of about a block's size each.
    let parts: [ArraySlice<RawSpan>]

    /// Counts the shape of the trace.
    init(id: TraceID, spans: [RawSpan], _ counts: inout MergeReport.Traces) throws {
        let trace = ArchivedTrace(id: id, spans: try spans.map(ArchivedSpan.init))
        summary = TraceSummary(trace)
        parts = Self.parts(of: spans)
        counts.total += 1
        if summary.isWhole { counts.whole += 1 }
        if summary.rootCount > 1 { counts.multiRoot += 1 }
        if summary.rootCount == 0 { counts.headless += 1 }
        counts.unfinished += trace.spans.count { $0.record.endNanoseconds == 0 }
        counts.orphans += summary.orphanCount
        let ids = Set(trace.spans.map(\.record.spanID))
        counts.missingParents +=
            Set(trace.spans.compactMap(\.record.parentSpanID)).subtracting(ids).count
    }

    private static func parts(of spans: [RawSpan]) -> [ArraySlice<RawSpan>] {
        var parts: [ArraySlice<RawSpan>] = []
        var start = 0
        var byteCount = 0
        for (index, span) in spans.enumerated() {
            byteCount += span.bytes.count
            if byteCount >= partBytesMax || index == spans.count - 1 {
                parts.append(spans[start...index])
                start = index + 1
                byteCount = 0
            }
        }
        return parts
    }

    private static let partBytesMax = 1 << 20
}

extension ArchivedSpan {
    fileprivate init(_ span: RawSpan) throws {
        self.init(
            record: try SpanRecord(decoding: Array(span.bytes)),
            resource: try Resource(decoding: span.producer.resource),
            recorderID: span.producer.recorderID)
    }
}
