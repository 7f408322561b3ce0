import SpanLogFormat
import SpanLogMerge

/// What has to be known about a whole trace before one of its spans can be written.
struct MLflowTraceContext {
    let values: MLflowTraceValues
    /// The place of the main root, the first span without a parent; `nil` if all have parents.
    let rootIndex: Int?
    /// Whether some span's times were corrected, or could not be.
    let namesClocks: Bool
    private let lastEvidence: [RecorderID: UInt64]
    private let recorders: [SpanID: RecorderID]

    /// - Parameters:
    ///   - trace: The trace, without notes.
    ///   - values: What its spans and its notes say about it.
    init(_ trace: ArchivedTrace, _ values: MLflowTraceValues) {
        self.values = values
        rootIndex = trace.spans.firstIndex { $0.record.parentSpanID == nil }
        namesClocks = trace.spans.contains { span in
            span.clock.map { $0.method != .reference || $0.offsetNanoseconds != 0 } ?? false
        }
        lastEvidence = Self.lastEvidence(trace)
        recorders = Dictionary(
            trace.spans.map { ($0.record.spanID, $0.recorderID) }, uniquingKeysWith: { $1 })
    }

    /// The end of `span`; for a span that never ended, the last moment at which its recorder is
    /// known to have been alive. Never before the span's start.
    func end(of span: ArchivedSpan) -> UInt64 {
        let record = span.record
        let end =
            record.isUnfinished ? lastEvidence[span.recorderID] ?? 0 : record.endNanoseconds
        return max(start(of: span), end.clampedToMLflow)
    }

    /// The start of `span`, as far as MLflow can hold it.
    func start(of span: ArchivedSpan) -> UInt64 {
        span.record.startNanoseconds.clampedToMLflow
    }

    /// Whether `span` is where the trace entered the process that recorded it.
    func isEntry(_ span: ArchivedSpan) -> Bool {
        guard let parent = span.record.parentSpanID else { return true }
        return recorders[parent] != span.recorderID
    }

    private static func lastEvidence(_ trace: ArchivedTrace) -> [RecorderID: UInt64] {
        guard trace.spans.contains(where: \.record.isUnfinished) else { return [:] }
        var last: [RecorderID: UInt64] = [:]
        for span in trace.spans {
            let record = span.record
            var times = [record.startNanoseconds, record.endNanoseconds]
            times += record.events.map(\.nanoseconds)
            if case .int(let lastSeen) = record.attributes.value(for: MLflowKey.lastSeen) {
                let recorded = UInt64(clamping: lastSeen)
                times.append(span.clock?.corrected(recorded) ?? recorded)
            }
            let latest = times.max() ?? 0
            last[span.recorderID] = max(last[span.recorderID] ?? 0, latest)
        }
        return last
    }
}

extension SpanRecord {
    /// Whether the span's end was never recorded.
    var isUnfinished: Bool { endNanoseconds == 0 }
}

extension UInt64 {
    /// The time as MLflow's database can hold it: positive and signed.
    var clampedToMLflow: UInt64 { Swift.min(Swift.max(self, 1), MLflowLimit.nanoseconds) }
}
