@_exported public import SpanLog

#if Macros
/// Records each call of a function as a span: MLflow's `@mlflow.trace`.
///
/// The arguments become the span's inputs, by the names that they have inside of the function, and the
/// result its outputs. An error that leaves the function is recorded, and the span has failed.
///
/// ```swift
/// @Traced(type: .retriever)
/// func search(for query: String, limit: Int = 3) async throws -> [Document] {
///     try await index.search(query).prefix(limit)
/// }
/// ```
///
/// The function may be asynchronous, throw errors of any or of one type, be generic, or change `self`. What
/// cannot be encoded is recorded as its description. Not recorded are arguments without a name, functions,
/// and what is `borrowing` or `consuming`.
///
/// It cannot be used on initializers and accessors, on functions that rethrow, and on those with a parameter
/// whose type hides that it is a function that does not escape: there, use `withSpan`.
///
/// - Parameters:
///   - name: The name of the span; without one, that of the function.
///   - type: What kind of work the function does.
///   - inputs: Whether the arguments are recorded.
///   - outputs: Whether the result is recorded.
@attached(body)
public macro Traced(
    _ name: String? = nil, type: SpanType = .unknown, inputs: Bool = true, outputs: Bool = true
) = #externalMacro(module: "SpanLogMacrosPlugin", type: "TracedMacro")
#else
/// Records each call of a function as a span, in packages that enable the trait `Macros`.
@available(*, unavailable, message: "enable the trait Macros of the package spanlog")
@attached(body)
public macro Traced(
    _ name: String? = nil, type: SpanType = .unknown, inputs: Bool = true, outputs: Bool = true
) = #externalMacro(module: "SwiftMacros", type: "OptionSetMacro")
#endif
