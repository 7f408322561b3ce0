internal import SpanLogFormat
public import Tracing

extension Tracing.Span {
    /// Says something about the whole trace, from any span of it and on any host: MLflow's
    /// `update_current_trace`, which has no effect on hosts that only joined the trace.
    ///
    /// Each name, tag and so on is a statement of its own. Where several spans say different things,
    /// the one counts that said it last, by the hosts' clocks as the merge has aligned them.
    ///
    /// ```swift
    /// span.updateTrace(
    ///     name: "answer", tags: ["team": "bridges"], metadata: ["model version": "7"],
    ///     sessionID: "monday", userID: "ada", clientRequestID: request.id,
    ///     requestPreview: question, responsePreview: answer)
    /// ```
    ///
    /// - Parameters:
    ///   - name: The name that MLflow lists the trace under; without one, that of its root.
    ///   - tags: Added to the tags of the trace. Keys that begin with `mlflow.` are MLflow's own
    ///     and not exported.
    ///   - metadata: Added to the trace's metadata, which nobody changes in MLflow any more. Of the
    ///     keys that begin with `mlflow.` only those are exported that <doc:MLflow> names.
    ///   - sessionID: The conversation that the trace is a part of.
    ///   - userID: The user on whose behalf the trace ran.
    ///   - clientRequestID: What the caller calls the request.
    ///   - requestPreview: The line that MLflow's list shows for the request; without one, it is
    ///     made from the root's inputs.
    ///   - responsePreview: The same for the response and the outputs.
    ///   - status: How the trace went, if that is not how the root went.
    public func updateTrace(
        name: String? = nil, tags: [String: String] = [:], metadata: [String: String] = [:],
        sessionID: String? = nil, userID: String? = nil, clientRequestID: String? = nil,
        requestPreview: String? = nil, responsePreview: String? = nil, status: TraceStatus? = nil
    ) {
        say(
            TraceFacts(
                name: name, tags: tags, metadata: metadata, sessionID: sessionID, userID: userID,
                clientRequestID: clientRequestID, requestPreview: requestPreview,
                responsePreview: responsePreview, status: status))
    }

    /// Records what is said about the trace now.
    func say(_ facts: TraceFacts) {
        guard isRecording else { return }
        let now = DefaultTracerClock.now.nanosecondsSinceEpoch
        facts.forEachAttribute { say($1, for: $0, at: now) }
    }

    func say(_ value: String, for key: String, at nanoseconds: UInt64) {
        record(.string(value), for: key)
        record(.int64(Int64(clamping: nanoseconds)), for: AttributeKey.saidAtPrefix + key)
    }
}

/// Says something about the current trace: ``Tracing/Span/updateTrace(name:tags:metadata:sessionID:userID:clientRequestID:requestPreview:responsePreview:status:)``
/// of the current span.
///
/// - Returns: Whether there is a span of this process that is recording.
@discardableResult
public func updateCurrentTrace(
    name: String? = nil, tags: [String: String] = [:], metadata: [String: String] = [:],
    sessionID: String? = nil, userID: String? = nil, clientRequestID: String? = nil,
    requestPreview: String? = nil, responsePreview: String? = nil, status: TraceStatus? = nil
) -> Bool {
    guard let span = ActiveSpan.current, span.isRecording else { return false }
    span.updateTrace(
        name: name, tags: tags, metadata: metadata, sessionID: sessionID, userID: userID,
        clientRequestID: clientRequestID, requestPreview: requestPreview,
        responsePreview: responsePreview, status: status)
    return true
}
