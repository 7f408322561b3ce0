public import Logging
internal import Tracing

extension Logger.MetadataProvider {
    /// Adds `trace_id` and `span_id` of the current span to each log line, so that logs and traces
    /// find each other:
    ///
    /// ```swift
    /// LoggingSystem.bootstrap(StreamLogHandler.standardError, metadataProvider: .spanLog)
    /// ```
    ///
    /// Outside of all spans it adds nothing.
    public static let spanLog = Logger.MetadataProvider {
        guard let identity = ServiceContext.current?.spanIdentity else { return [:] }
        return ids(of: identity)
    }

    /// What log lines say of a span.
    static func ids(of identity: SpanIdentity) -> Logger.Metadata {
        ["trace_id": "\(identity.traceID)", "span_id": "\(identity.spanID)"]
    }
}
