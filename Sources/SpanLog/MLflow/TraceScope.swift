internal import SpanLogFormat
internal import Tracing

/// Gives session, user, tags and metadata to every trace that is made while `operation` runs: MLflow's
/// `mlflow.tracing.context`.
///
/// It says them from the root, and in a trace that another process has begun, from the span at which
/// the trace comes in. A trace that is under way already is left as it is: ``updateCurrentTrace(name:tags:metadata:sessionID:userID:clientRequestID:requestPreview:responsePreview:status:)``
/// is for that. Scopes nest, and the inner one wins where both say something.
///
/// ```swift
/// try await withTraceContext(sessionID: chat.id, userID: chat.user, tags: ["channel": "web"]) {
///     try await agent.answer(question)
/// }
/// ```
///
/// - Parameters:
///   - sessionID: The conversation that the traces are a part of.
///   - userID: The user on whose behalf they run.
///   - tags: Tags of the traces.
///   - metadata: Metadata of the traces.
///   - isInBaggage: Whether session and user travel along with the traces in the header `baggage`, so
///     that traces which other services make for the same request carry them, too. They are sent in
///     clear text to whomever this process calls.
///   - operation: What is to run.
public func withTraceContext<Result>(
    sessionID: String? = nil, userID: String? = nil, tags: [String: String] = [:],
    metadata: [String: String] = [:], isInBaggage: Bool = false,
    _ operation: () throws -> Result
) rethrows -> Result {
    let context = scoped(sessionID, userID, tags, metadata, isInBaggage)
    return try ServiceContext.withValue(context, operation: operation)
}

/// Gives session, user, tags and metadata to every trace that is made while `operation` runs: MLflow's
/// `mlflow.tracing.context`. See ``withTraceContext(sessionID:userID:tags:metadata:isInBaggage:_:)-(_,_,_,_,_,()->Result)``.
public func withTraceContext<Result>(
    sessionID: String? = nil, userID: String? = nil, tags: [String: String] = [:],
    metadata: [String: String] = [:], isInBaggage: Bool = false,
    isolation: isolated (any Actor)? = #isolation,
    _ operation: () async throws -> Result
) async rethrows -> Result {
    let context = scoped(sessionID, userID, tags, metadata, isInBaggage)
    return try await ServiceContext.withValue(context, operation: operation)
}

private func scoped(
    _ sessionID: String?, _ userID: String?, _ tags: [String: String],
    _ metadata: [String: String], _ isInBaggage: Bool
) -> ServiceContext {
    var context = ServiceContext.current ?? .topLevel
    var facts = context.traceScope?.facts ?? TraceFacts()
    facts.sessionID = sessionID ?? facts.sessionID
    facts.userID = userID ?? facts.userID
    facts.tags.merge(tags) { $1 }
    facts.metadata.merge(metadata) { $1 }
    context.traceScope = TraceScope(facts)
    if isInBaggage {
        var baggage = context.baggage ?? Baggage()
        if let sessionID = facts.sessionID { baggage[AttributeKey.session] = sessionID }
        if let userID = facts.userID { baggage[AttributeKey.user] = userID }
        context.baggage = baggage
    }
    return context
}

/// What a scope gives to the traces made in it. A class, since a context boxes what is larger than 24
/// bytes.
final class TraceScope: Sendable {
    let facts: TraceFacts

    init(_ facts: TraceFacts) {
        self.facts = facts
    }
}

extension ServiceContext {
    fileprivate(set) var traceScope: TraceScope? {
        get { self[TraceScopeKey.self] }
        set { self[TraceScopeKey.self] = newValue }
    }
}

private enum TraceScopeKey: ServiceContextKey {
    typealias Value = TraceScope
    static var nameOverride: String? { "spanlog-trace-scope" }
}

extension ActiveSpan {
    /// Says of the trace what scope and baggage of `context` do, at the span at which the trace begins
    /// or comes in.
    func sayScope(of context: ServiceContext) {
        let facts = context.traceScope?.facts
        // Said when the span starts, which needs no time of its own.
        facts?.forEachAttribute { setAttribute($0, $1) }
        guard let baggage = context.baggage else { return }
        let isSaid = (facts?.sessionID != nil, facts?.userID != nil)
        if !isSaid.0 { sayFromBaggage(AttributeKey.session, baggage) }
        if !isSaid.1 { sayFromBaggage(AttributeKey.user, baggage) }
    }

    /// What came along with a request is older than whatever somebody has said since.
    private func sayFromBaggage(_ key: String, _ baggage: Baggage) {
        guard let value = baggage[key], !value.isEmpty else { return }
        say(value, for: key, at: 0)
    }
}
