internal import SpanLogFormat
internal import Tracing

/// Carries a context through headers, by W3C Trace Context (level 2) and W3C Baggage.
enum HeaderPropagation {
    static let traceParent = "traceparent"
    static let traceState = "tracestate"
    static let baggage = "baggage"

    /// Reads the headers that `value` finds by their lower-case names.
    static func extract(
        into context: inout ServiceContext, _ value: (_ name: String) -> String?
    ) {
        if let parent = value(traceParent).flatMap(TraceParent.init(parsing:)) {
            let identity = SpanIdentity(
                traceID: parent.traceID, spanID: parent.spanID, flags: parent.flags,
                // The trace continues even if its state is malformed.
                traceState: value(traceState).flatMap(TraceState.init(parsing:)) ?? TraceState())
            context.currentSpan = .remote(CurrentSpan.Caller(identity))
        }
        if let text = value(baggage) { context.addBaggage(Baggage(parsing: text)) }
    }

    /// Passes each header that belongs to `context` to `set`.
    static func inject(
        _ context: ServiceContext, _ set: (_ name: String, _ value: String) -> Void
    ) {
        if let span = context.spanIdentity {
            let parent = TraceParent(
                traceID: span.traceID, spanID: span.spanID, flags: span.flags)
            set(traceParent, parent.headerValue)
            let state = span.traceState.headerValue()
            if !state.isEmpty { set(traceState, state) }
        }
        // Members that are too long are left out, so the text may be empty where the baggage is not.
        let members = context.baggage?.headerValue ?? ""
        if !members.isEmpty { set(baggage, members) }
    }
}

extension ServiceContext {
    /// Adds members whose keys the context does not have: what a stranger sends never replaces
    /// what this process has put there.
    fileprivate mutating func addBaggage(_ received: Baggage) {
        guard var merged = baggage else {
            if !received.isEmpty { baggage = received }
            return
        }
        merged.addMissing(from: received)
        baggage = merged
    }
}
