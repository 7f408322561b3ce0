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
        return ["trace_id": "\(identity.traceID)", "span_id": "\(identity.spanID)"]
    }
}
