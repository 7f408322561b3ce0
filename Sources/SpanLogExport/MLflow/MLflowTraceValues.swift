import SpanLogFormat
import SpanLogMerge

/// What the spans of a trace say about the trace as a whole.
///
/// Any span may say it, on any host. Where several do, the one that began last wins.
struct MLflowTraceValues {
    /// The name that was given to the trace, not that of a span.
    private(set) var name: String?
    private(set) var session: String?
    private(set) var user: String?
    /// The tags without the trace's name, as long as MLflow's database allows.
    private(set) var tags: [String: String] = [:]

    init(_ trace: ArchivedTrace) {
        for span in trace.spans {
            for attribute in span.record.attributes { read(attribute) }
        }
    }

    private mutating func read(_ attribute: Attribute) {
        switch attribute.key {
        case MLflowKey.session:
            session = Self.text(attribute, MLflowLimit.session) ?? session
        case MLflowKey.user:
            user = Self.text(attribute, MLflowLimit.metadataValue) ?? user
        case let key where key.hasPrefix(MLflowKey.traceTagPrefix):
            readTag(String(key.dropFirst(MLflowKey.traceTagPrefix.count)), attribute)
        default: break
        }
    }

    private mutating func readTag(_ key: String, _ attribute: Attribute) {
        let value = attribute.value.plainText.truncated(MLflowLimit.tagValue)
        if key == MLflowKey.traceName {
            name = value
        } else if !key.isEmpty && !key.hasPrefix("mlflow.") {
            // The server keeps books about the trace in tags `mlflow.…`: to write one breaks it.
            tags[key.truncated(MLflowLimit.tagKey)] = value
        }
    }

    private static func text(_ attribute: Attribute, _ scalarMax: Int) -> String? {
        let text = attribute.value.plainText.truncated(scalarMax)
        return text.isEmpty ? nil : text
    }

    /// The name and the tags as attributes of a root span, in the order of their keys.
    var rootAttributes: [Attribute] {
        var all = tags
        if let name { all[MLflowKey.traceName] = name }
        return all.sorted { $0.key < $1.key }.map { key, value in
            Attribute(MLflowKey.traceTagPrefix + key, .string(MLflowValue.plain(value)))
        }
    }
}
