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
        let statements = span.record.attributes.filter { Self.isAboutTrace($0.key) }
        guard !statements.isEmpty else { return }
        let times = Self.times(in: span)
        for attribute in statements {
            let said = times[attribute.key] ?? span.record.startNanoseconds
            let statement = Statement(
                value: attribute.value, nanoseconds: said, spanID: span.record.spanID)
            keep(statement, for: attribute.key)
        }
    }

    /// When the span said what, where it says that.
    private static func times(in span: ArchivedSpan) -> [String: UInt64] {
        let prefix = AttributeKey.saidAtPrefix
        var times: [String: UInt64] = [:]
        for attribute in span.record.attributes where attribute.key.hasPrefix(prefix) {
            guard case .int(let time) = attribute.value else { continue }
            let nanoseconds = UInt64(clamping: time)
            times[String(attribute.key.dropFirst(prefix.count))] =
                nanoseconds == 0 ? 0 : span.clock?.corrected(nanoseconds) ?? nanoseconds
        }
        return times
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
