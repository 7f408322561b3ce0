internal import FoundationEssentials
public import Tracing

// MLflow's two calls of distributed tracing, for code whose HTTP client or server is not
// instrumented, and the same for the environment of a child process.

/// The headers that make an outgoing request a part of the current trace: MLflow's
/// `get_tracing_context_headers_for_http_request`.
///
/// - Returns: `traceparent`, with `tracestate` and `baggage` where there is any. Without a current
///   span there is no `traceparent`.
public func tracingContextHeadersForHTTPRequest(
    context: ServiceContext? = .current
) -> [String: String] {
    var headers: [String: String] = [:]
    if let context { HeaderPropagation.inject(context) { headers[$0] = $1 } }
    return headers
}

/// Runs `operation` in the trace that the headers of an incoming request belong to: MLflow's
/// `set_tracing_context_from_http_request_headers`.
///
/// Names of headers may have any case. Without a valid `traceparent` the operation stands outside
/// of any span, so that its first one starts a new trace; MLflow raises an error if the header is
/// missing.
public func withTracingContext<Result>(
    fromHTTPRequestHeaders headers: [String: String], _ operation: () throws -> Result
) rethrows -> Result {
    try ServiceContext.withValue(context(from: headers), operation: operation)
}

/// Runs `operation` in the trace that the headers of an incoming request belong to: MLflow's
/// `set_tracing_context_from_http_request_headers`.
///
/// Names of headers may have any case. Without a valid `traceparent` the operation stands outside
/// of any span, so that its first one starts a new trace; MLflow raises an error if the header is
/// missing.
public func withTracingContext<Result>(
    fromHTTPRequestHeaders headers: [String: String],
    isolation: isolated (any Actor)? = #isolation,
    _ operation: () async throws -> Result
) async rethrows -> Result {
    try await ServiceContext.withValue(context(from: headers), operation: operation)
}

/// The variables that make a child process or a batch job a part of the current trace:
/// `TRACEPARENT`, `TRACESTATE` and `BAGGAGE`.
public func tracingContextEnvironment(context: ServiceContext? = .current) -> [String: String] {
    var variables: [String: String] = [:]
    if let context { HeaderPropagation.inject(context) { variables[$0.uppercased()] = $1 } }
    return variables
}

extension ServiceContext {
    /// The trace that this process was started in, as `TRACEPARENT`, `TRACESTATE` and `BAGGAGE`
    /// say; a context without a span if they say nothing valid.
    ///
    /// - Parameter environment: The variables to read; `nil` for those of the process.
    public static func fromEnvironment(_ environment: [String: String]? = nil) -> ServiceContext {
        let variables = environment ?? ProcessInfo.processInfo.environment
        var context = ServiceContext.topLevel
        HeaderPropagation.extract(into: &context) { variables[$0.uppercased()] }
        return context
    }
}

private func context(from headers: [String: String]) -> ServiceContext {
    var context = ServiceContext.current ?? .topLevel
    context.currentSpan = nil
    HeaderPropagation.extract(into: &context) { HeaderFields.value(of: $0, in: headers) }
    return context
}
