import SpanLogFormat

/// How much MLflow says that a span matters.
enum MLflowLogLevel {
    /// The level that MLflow's own SDK would give the span: the one that was set, or else that of its
    /// type, and that of an error at least if one was recorded.
    static func level(of record: SpanRecord) -> Int64 {
        let isFailure = record.events.contains { $0.name == "exception" }
        if case .int(let level) = record.attributes.value(for: AttributeKey.logLevel),
            levels.contains(level)
        {
            return isFailure ? max(level, error) : level
        }
        if isFailure { return error }
        let type = record.attributes.text(for: AttributeKey.spanType) ?? ""
        return types.contains(type) ? info : debug
    }

    /// What else stands there makes MLflow's client refuse the trace.
    private static let levels: Set<Int64> = [debug, info, 30, error, 50]
    private static let debug: Int64 = 10
    private static let info: Int64 = 20
    private static let error: Int64 = 40

    /// Steps that who reads a trace wants to see.
    private static let types: Set = [
        "LLM", "CHAT_MODEL", "TOOL", "RETRIEVER", "AGENT", "EMBEDDING",
    ]
}
