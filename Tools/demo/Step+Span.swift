import SpanLog

extension Step {
    /// Writes what is known before the work is done to its span.
    func describe(_ span: any Span) {
        if let type { span.spanType = SpanType(rawValue: type) }
        if let inputs { span.setInputs(inputs) }
        span.attributes.merge(SpanAttributes(attributes))
        for event in events ?? [] {
            span.addEvent(SpanEvent(name: event.name, attributes: SpanAttributes(event.attributes)))
        }
        for link in links ?? [] {
            span.addLink(
                SpanLink(context: link.context, attributes: SpanAttributes(link.attributes)))
        }
        if let trace {
            span.updateTrace(
                name: trace.name, tags: trace.tags ?? [:], sessionID: trace.session,
                userID: trace.user)
        }
    }
}

extension Step.Link {
    /// The context of the span that is linked to.
    fileprivate var context: ServiceContext {
        var context = ServiceContext.topLevel
        InstrumentationSystem.instrument.extract(
            ["traceparent": traceparent], into: &context, using: MemberExtractor())
        return context
    }
}

/// Reads headers from a dictionary.
private struct MemberExtractor: Extractor {
    func extract(key: String, from headers: [String: String]) -> String? { headers[key] }
}
