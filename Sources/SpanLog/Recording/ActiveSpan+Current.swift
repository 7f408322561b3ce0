public import SpanLogFormat
internal import Tracing

extension ActiveSpan {
    /// The span of this process that the current task runs in, ended or not: MLflow's
    /// `get_current_active_span`. `nil` outside of all spans, and where only a caller's span is known.
    public static var current: ActiveSpan? {
        guard case .local(let span) = ServiceContext.current?.currentSpan else { return nil }
        return span
    }
}

extension TraceID {
    /// The identifier as MLflow writes it: `tr-` and the 32 digits.
    public var mlflowID: String { "tr-\(self)" }

    /// The trace that the current task runs in, here or at the caller's: MLflow's
    /// `get_active_trace_id`.
    public static var current: TraceID? { ServiceContext.current?.spanIdentity?.traceID }
}
