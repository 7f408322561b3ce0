import SpanLogFormat

/// The names that MLflow gives a meaning, and the sizes that its database has room for.
enum MLflowKey {
    static let spanType = AttributeKey.spanType
    static let spanInputs = AttributeKey.spanInputs
    static let spanOutputs = AttributeKey.spanOutputs
    static let logLevel = AttributeKey.logLevel
    static let traceTagPrefix = AttributeKey.traceTagPrefix
    /// The tag of a trace, without the prefix.
    static let traceName = "mlflow.traceName"
    /// The tag by which the server says where the trace's files are.
    static let artifactLocation = "mlflow.artifactLocation"
    /// The tag by which the server says where the trace's spans are.
    static let spansLocation = "mlflow.trace.spansLocation"
    /// Of the metadata of a trace: its tokens, which the server reads from the spans.
    static let tokenUsage = "mlflow.trace.tokenUsage"
    static let session = AttributeKey.session
    static let user = AttributeKey.user
    static let conversation = "gen_ai.conversation.id"
    static let lastSeen = AttributeKey.lastSeen
    /// Our own: the span's end was never recorded.
    static let unfinished = "spanlog.unfinished"
    /// Our own, in the metadata of a trace: its root was not in the archive.
    static let headless = "spanlog.headless"
    /// Our own, in the metadata of a trace: what was said of it and is not in MLflow, and why.
    static let leftOut = "spanlog.left_out"

    /// Whether a string under this key may be JSON text, by the convention of the recorder.
    static func holdsJSON(_ key: String) -> Bool {
        (key.hasPrefix("mlflow.") || key.hasPrefix("gen_ai.")) && !texts.contains(key)
    }

    /// What is text even if it looks like JSON.
    private static let texts: Set = [
        spanType, conversation, AttributeKey.model, AttributeKey.provider,
        AttributeKey.spanDescription, AttributeKey.messageFormat, AttributeKey.functionName,
    ]

    /// Whether the server may read a column's value from here: from its own attributes, and from those of
    /// the conventions that it knows, OpenTelemetry's, OpenInference's, Traceloop's and others.
    static func isReadByMLflow(_ key: String) -> Bool {
        conventions.contains(String(key.prefix { $0 != "." }))
    }

    private static let conventions: Set = [
        "agent", "ai", "claude_code", "embedding", "gcp", "gen_ai", "input", "langfuse", "lk",
        "llm",
        "lmnr", "mlflow", "openinference", "output", "response", "tool", "traceloop", "voltagent",
    ]

    /// Whether metadata under this key of MLflow's own may come from a recorder: what says where the
    /// trace was made. Everything else the server derives.
    static func isFreeMetadata(_ key: String) -> Bool {
        key == "mlflow.modelId" || key == "mlflow.sourceRun" || key == "mlflow.user"
            || key.hasPrefix("mlflow.source.")
    }
}

/// Limits in Unicode scalars, since MLflow counts characters as Python does.
enum MLflowLimit {
    static let preview = 1000
    static let metadataValue = 250
    static let tagKey = 250
    static let tagValue = 4096
    static let session = 250
    static let spanType = 500
    static let model = 500
    static let user = 8000
    static let clientRequestID = 50
    static let assessmentID = 50
    /// The name of an assessment, and who made it.
    static let assessmentName = 250
    /// MLflow cannot read a span again whose attribute nests more than 31 objects.
    static let nesting = 30
    /// Python refuses to read an integer of more than 4300 digits.
    static let integerDigits = 4300
    /// The database holds times as signed 64-bit integers.
    static let nanoseconds = UInt64(Int64.max)
}

extension TraceID {
    /// The identifier as MLflow writes it.
    var mlflowID: String { "tr-\(self)" }
}

extension String {
    /// The text as far as `scalarMax` Unicode scalars reach, cut between two characters where
    /// characters are of usual length, and ended by `ending` if it was cut.
    func truncated(_ scalarMax: Int, ending: String = "") -> String {
        // A scalar takes a byte at least, so most texts need no counting.
        if utf8.count <= scalarMax || unicodeScalars.count <= scalarMax { return self }
        var room = scalarMax - ending.unicodeScalars.count
        var kept = ""
        for character in self {
            room -= character.unicodeScalars.count
            if room < 0 { break }
            kept.append(character)
        }
        return kept + ending
    }
}
