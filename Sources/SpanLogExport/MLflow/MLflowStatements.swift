import SpanLogFormat
import SpanLogMerge

/// What the spans of a trace say about the trace, each key once: as the span says it that said it
/// last.
struct MLflowStatements {
    /// What was said, and when.
    struct Statement {
        let value: AttributeValue
        /// Nanoseconds since 1970, by the clock that all hosts are aligned with; 0 for before all else.
        let nanoseconds: UInt64
        fileprivate let spanID: SpanID
    }

    private(set) var latest: [String: Statement] = [:]

    init(_ trace: ArchivedTrace) {
        for span in trace.spans { read(span) }
    }

    private mutating func read(_ span: ArchivedSpan) {
        let attributes = span.record.attributes
        for attribute in attributes where Self.isAboutTrace(attribute.key) {
            let said = attributes.value(for: AttributeKey.saidAtPrefix + attribute.key)
            let statement = Statement(
                value: attribute.value, nanoseconds: Self.time(said, in: span),
                spanID: span.record.spanID)
            keep(statement, for: attribute.key)
        }
    }

    private mutating func keep(_ new: Statement, for key: String) {
        // An empty session or user says nothing.
        if case .string("") = new.value, key == MLflowKey.session || key == MLflowKey.user {
            return
        }
        if let old = latest[key],
            (old.nanoseconds, old.spanID) > (new.nanoseconds, new.spanID)
        {
            return
        }
        latest[key] = new
    }

    private static func time(_ said: AttributeValue?, in span: ArchivedSpan) -> UInt64 {
        guard case .int(let nanoseconds) = said else {
            return span.aligned(span.record.startNanoseconds)
        }
        return nanoseconds <= 0 ? 0 : span.aligned(UInt64(nanoseconds))
    }

    /// Whether an attribute with this key speaks of the trace.
    static func isAboutTrace(_ key: String) -> Bool {
        switch key {
        case MLflowKey.session, MLflowKey.user, MLflowKey.conversation: true
        default:
            key.hasPrefix(AttributeKey.traceTagPrefix) || key.hasPrefix(AttributeKey.tracePrefix)
        }
    }

    /// Whether an attribute with this key is for the export alone, and no attribute of the span.
    static func isOurs(_ key: String) -> Bool {
        key.hasPrefix(AttributeKey.tracePrefix) || key.hasPrefix(AttributeKey.saidAtPrefix)
    }
}

extension ArchivedSpan {
    /// A moment that the span's host has told, by the clock by which the moments of all hosts are
    /// compared. Whoever corrects clocks does it here.
    func aligned(_ nanoseconds: UInt64) -> UInt64 { nanoseconds }
}
