import SpanLogFormat
import SpanLogMerge

/// What the spans of a trace say about the trace as a whole.
///
/// Any span may say it, on any host. Where several do, the one counts that said it last.
struct MLflowTraceValues {
    /// The name that was given to the trace, not that of a span.
    private(set) var name: String?
    private(set) var session: String?
    private(set) var user: String?
    private(set) var clientRequestID: String?
    private(set) var requestPreview: String?
    private(set) var responsePreview: String?
    /// The state, if somebody has said it.
    private(set) var state: MLflowState?
    /// The tags without the trace's name, as long as MLflow's database allows.
    private(set) var tags: [String: String] = [:]
    /// The metadata without what MLflow itself derives.
    private(set) var metadata: [String: String] = [:]
    /// In the order of their ids.
    private(set) var assessments: [MLflowAssessment] = []
    /// In the order of their ids.
    private(set) var attachments: [MLflowAttachment] = []
    /// What was said and cannot be told to MLflow, with the reason of each.
    private(set) var leftOut: [String] = []

    init(_ trace: ArchivedTrace) {
        let statements = MLflowStatements(trace).latest
        for (key, statement) in statements { read(key, statement) }
        session =
            session
            ?? statements[MLflowKey.conversation].flatMap {
                Self.text($0.value, MLflowLimit.session)
            }
        assessments.sort { $0.id < $1.id }
        leftOut.sort()
        attachments = MLflowAttachment.all(of: trace)
    }

    private mutating func read(_ key: String, _ statement: MLflowStatements.Statement) {
        let value = statement.value
        switch key {
        case MLflowKey.session: session = Self.text(value, MLflowLimit.session)
        case MLflowKey.user: user = Self.text(value, MLflowLimit.metadataValue)
        case AttributeKey.clientRequestID:
            clientRequestID = Self.text(value, MLflowLimit.clientRequestID)
        case AttributeKey.requestPreview:
            requestPreview = value.plainText.truncated(MLflowLimit.preview, ending: "...")
        case AttributeKey.responsePreview:
            responsePreview = value.plainText.truncated(MLflowLimit.preview, ending: "...")
        case AttributeKey.traceState: state = MLflowState(rawValue: value.plainText)
        default: readPrefixed(key, statement)
        }
    }

    private mutating func readPrefixed(_ key: String, _ statement: MLflowStatements.Statement) {
        func rest(_ prefix: String) -> String? {
            key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : nil
        }
        if let tag = rest(AttributeKey.traceTagPrefix) {
            readTag(tag, statement.value)
        } else if let key = rest(AttributeKey.traceMetadataPrefix) {
            readMetadata(key, statement.value)
        } else if let id = rest(AttributeKey.assessmentPrefix) {
            readAssessment(id, statement)
        }
    }

    private mutating func readAssessment(
        _ id: String, _ statement: MLflowStatements.Statement
    ) {
        if let assessment = MLflowAssessment(id: id, statement) {
            assessments.append(assessment)
        } else {
            leftOut.append("assessment \(id), which is none of SpanLog's or nests too deep")
        }
    }

    private mutating func readTag(_ key: String, _ value: AttributeValue) {
        let value = value.plainText.truncated(MLflowLimit.tagValue)
        if key == MLflowKey.traceName {
            name = value
        } else if key.hasPrefix("mlflow.") {
            // To write one of these breaks the trace.
            leftOut.append("tag \(key), in which MLflow keeps books")
        } else if !key.isEmpty {
            tags[key.truncated(MLflowLimit.tagKey)] = value
        }
    }

    private mutating func readMetadata(_ key: String, _ value: AttributeValue) {
        guard !key.isEmpty, !key.hasPrefix("mlflow.") || MLflowKey.isFreeMetadata(key)
        else { return }
        metadata[key.truncated(MLflowLimit.tagKey)] =
            value.plainText.truncated(MLflowLimit.metadataValue)
    }

    private static func text(_ value: AttributeValue, _ scalarMax: Int) -> String? {
        let text = value.plainText.truncated(scalarMax)
        return text.isEmpty ? nil : text
    }

    /// The name and the tags as attributes of a root span, in the order of their keys.
    var rootAttributes: [Attribute] {
        var all = tags
        if let name { all[MLflowKey.traceName] = name }
        return all.sorted { $0.key < $1.key }.map { key, value in
            Attribute(
                MLflowKey.traceTagPrefix + key.storable, .string(MLflowValue.plain(value.storable)))
        }
    }
}
