internal import SpanLogFormat

// What is said about a trace from outside of its spans, which may have ended long ago and on another
// host: MLflow's calls that take a trace id.
extension SpanLogTracer {
    /// Says something about a trace that is not the current one, as
    /// ``Tracing/Span/updateTrace(name:tags:metadata:sessionID:userID:clientRequestID:requestPreview:responsePreview:status:)``
    /// does from a span of it.
    ///
    /// The merge brings it together with the trace's spans, whichever host recorded them.
    public func updateTrace(
        _ traceID: TraceID, name: String? = nil, tags: [String: String] = [:],
        metadata: [String: String] = [:], sessionID: String? = nil, userID: String? = nil,
        clientRequestID: String? = nil, requestPreview: String? = nil,
        responsePreview: String? = nil, status: TraceStatus? = nil
    ) {
        let facts = TraceFacts(
            name: name, tags: tags, metadata: metadata, sessionID: sessionID, userID: userID,
            clientRequestID: clientRequestID, requestPreview: requestPreview,
            responsePreview: responsePreview, status: status)
        core.note(on: traceID, spanID: nil, facts.attributes)
    }

    /// Records a judgement of a trace, or of one of its spans: feedback that a user gives after the
    /// answer, say.
    ///
    /// - Parameters:
    ///   - assessment: The judgement. Its id says whether it replaces an earlier one.
    ///   - traceID: The trace: keep ``SpanIdentity/traceID`` of a span of it.
    ///   - spanID: The span that is judged, if it is not the trace as a whole.
    public func logAssessment(
        _ assessment: Assessment, onTrace traceID: TraceID, spanID: SpanID? = nil
    ) {
        let fact = Attribute(
            AttributeKey.assessmentPrefix + assessment.id, .string(assessment.json(spanID)))
        core.note(on: traceID, spanID: spanID, [fact])
    }
}

extension TracerCore {
    func note(on traceID: TraceID, spanID: SpanID?, _ attributes: [Attribute]) {
        guard traceID.isValid, !attributes.isEmpty else { return }
        lanes[0].recordNote(on: traceID, spanID: spanID, attributes)
    }
}
