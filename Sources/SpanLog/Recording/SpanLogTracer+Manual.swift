internal import SpanLogFormat
public import Tracing

extension SpanLogTracer {
    /// Starts a span with an explicit parent and, if asked, an explicit time, whatever the current
    /// span is: MLflow's `start_span_no_context`.
    ///
    /// It does not become the current span, and has to be ended:
    ///
    /// ```swift
    /// let root = tracer.startSpan("job", childOf: nil)
    /// queue.async {
    ///     let step = tracer.startSpan("step", childOf: root.identity)
    ///     step.end()
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - operationName: The span's name.
    ///   - parent: The span above, of this process or another; `nil` for the root of a new trace.
    ///   - kind: The role of the span in a call.
    ///   - start: When it started; `nil` for now.
    public func startSpan(
        _ operationName: String, childOf parent: SpanIdentity?, ofKind kind: SpanKind = .internal,
        at start: SpanTime? = nil
    ) -> ActiveSpan {
        var context = (ServiceContext.current ?? .topLevel)
        context.currentSpan = parent.map { .remote(CurrentSpan.Caller($0)) }
        guard let start else { return startSpan(operationName, context: context, ofKind: kind) }
        return startSpan(
            operationName, context: context, ofKind: kind,
            nanoseconds: start.nanosecondsSinceEpoch, isWallClock: false)
    }
}

extension SpanLink {
    /// A reference to a span of this process or another, of this trace or another.
    public init(to identity: SpanIdentity, attributes: SpanAttributes = [:]) {
        var context = ServiceContext.topLevel
        context.currentSpan = .remote(CurrentSpan.Caller(identity))
        self.init(context: context, attributes: attributes)
    }
}

extension SpanIdentity {
    /// The span that the value of a header `traceparent` names.
    ///
    /// - Returns: `nil` if it is none.
    public init?(traceparent: String) {
        guard let parent = TraceParent(parsing: traceparent) else { return nil }
        self.init(
            traceID: parent.traceID, spanID: parent.spanID, flags: parent.flags,
            traceState: TraceState())
    }
}

extension ActiveSpan {
    /// Ends the span with what it came to: MLflow's `span.end(outputs=…, attributes=…, status=…)`.
    ///
    /// - Parameters:
    ///   - outputs: As in `setOutputs`.
    ///   - attributes: Further attributes.
    ///   - status: How the work went; `nil` leaves it as it is, which counts as a success.
    ///   - end: When it ended; `nil` for now.
    public func end(
        outputs: some Encodable, attributes: SpanAttributes = [:], status: SpanStatus? = nil,
        at end: SpanTime? = nil
    ) {
        setOutputs(outputs)
        if !attributes.isEmpty { updateAttributes { $0.merge(attributes) } }
        if let status { setStatus(status) }
        if let end { self.end(at: end) } else { self.end() }
    }
}
