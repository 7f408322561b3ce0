import SpanLogFormat
import SpanLogMerge

/// Adds up the tokens that the calls of a trace took, as MLflow does: what a span says counts unless a
/// span above it says something, which then has it included.
struct MLflowTokenUsage {
    private var sums: [String: Int64] = [:]

    /// The sum as MLflow prints it, or `nil` if no span says anything.
    ///
    /// - Complexity: O(*n*) in the spans of the trace.
    static func total(of spans: [ArchivedSpan]) -> String? {
        let usages = usages(of: spans)
        guard !usages.isEmpty else { return nil }
        let included = included(usages, spans)
        var total = MLflowTokenUsage()
        for (id, usage) in usages where !included.contains(id) { total.add(usage) }
        return total.text
    }

    private static func usages(of spans: [ArchivedSpan]) -> [SpanID: [String: JSONValue]] {
        var usages: [SpanID: [String: JSONValue]] = [:]
        for span in spans {
            guard let value = span.record.attributes.value(for: AttributeKey.tokenUsage)
            else { continue }
            let text = Array(value.plainText.utf8)
            guard text.count <= byteCountMax,
                let usage = JSON.decoded([String: JSONValue].self, text)
            else { continue }
            usages[span.record.spanID] = usage
        }
        return usages
    }

    /// The spans below one with a usage.
    private static func included(
        _ usages: [SpanID: [String: JSONValue]], _ spans: [ArchivedSpan]
    ) -> Set<SpanID> {
        let children = Dictionary(grouping: spans.map(\.record)) { $0.parentSpanID }
        var included: Set<SpanID> = []
        var open = Array(usages.keys)
        while let id = open.popLast() {
            for child in children[id, default: []] where included.insert(child.spanID).inserted {
                open.append(child.spanID)
            }
        }
        return included
    }

    private mutating func add(_ usage: [String: JSONValue]) {
        for key in Self.keys + Self.cacheKeys {
            guard case .int(let count) = usage[key] else { continue }
            sums[key] = sums[key, default: 0].addingReportingOverflow(count).partialValue
        }
    }

    private var text: String {
        let counts =
            Self.keys.map { ($0, sums[$0, default: 0]) }
            + Self.cacheKeys.compactMap { key in sums[key].map { (key, $0) } }
        return "{\(counts.map { "\"\($0)\": \($1)" }.joined(separator: ", "))}"
    }

    /// What is longer is no usage.
    private static let byteCountMax = 4096
    private static let keys = ["input_tokens", "output_tokens", "total_tokens"]
    /// These stand there only if some span says them.
    private static let cacheKeys = [
        "cache_read_input_tokens", "cache_creation_input_tokens",
        "cache_creation_input_tokens_above_1hr",
    ]
}
