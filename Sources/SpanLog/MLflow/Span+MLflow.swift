internal import SpanLogFormat
public import Tracing

/// MLflow's vocabulary, on every span of swift-distributed-tracing.
///
/// It is stored in attributes that MLflow itself understands, so a span of another tracer may carry
/// it too.
///
/// ```swift
/// try await withSpan("search") { span in
///     span.spanType = .retriever
///     span.setInputs(["query": query])
///     let documents = try await index.search(query)
///     span.setOutputs(documents)
/// }
/// ```
extension Tracing.Span {
    /// What kind of work the span stands for. ``SpanType/unknown`` until it is set.
    public var spanType: SpanType {
        get {
            guard case .string(let name) = attributes.get(AttributeKey.spanType) else {
                return .unknown
            }
            return SpanType(rawValue: name)
        }
        nonmutating set {
            record(.string(newValue.rawValue), for: AttributeKey.spanType)
        }
    }

    /// Records what the work was given, as JSON. A second call replaces the first.
    ///
    /// An ``Attachment`` among the inputs is recorded beside them. A value that cannot be encoded is
    /// recorded as its description, and `spanlog.inputs.encoding_error` says why. Does nothing in a
    /// span that is not recording.
    ///
    /// - Complexity: O(*n*) in the size of the value.
    public func setInputs(_ inputs: some Encodable) {
        recordJSON(inputs, for: AttributeKey.spanInputs, error: "spanlog.inputs.encoding_error")
    }

    /// Records what the work was given, which is JSON already. Other text is exported as a string.
    public func setInputs(json: String) {
        record(.string(json), for: AttributeKey.spanInputs)
    }

    /// Records what the work produced, as JSON. A second call replaces the first.
    ///
    /// An ``Attachment`` among the outputs is recorded beside them. A value that cannot be encoded is
    /// recorded as its description, and `spanlog.outputs.encoding_error` says why. Does nothing in a
    /// span that is not recording.
    ///
    /// - Complexity: O(*n*) in the size of the value.
    public func setOutputs(_ outputs: some Encodable) {
        recordJSON(outputs, for: AttributeKey.spanOutputs, error: "spanlog.outputs.encoding_error")
    }

    /// Records what the work produced, which is JSON already. Other text is exported as a string.
    public func setOutputs(json: String) {
        record(.string(json), for: AttributeKey.spanOutputs)
    }

    /// Says in a sentence what the span is about.
    public func setDescription(_ description: String) {
        record(.string(description), for: AttributeKey.spanDescription)
    }

    /// Says how much the span matters. See ``SpanLogLevel`` for what counts otherwise.
    public func setLogLevel(_ level: SpanLogLevel) {
        record(.int64(Int64(level.rawValue)), for: AttributeKey.logLevel)
    }

    /// Adds an event `exception`, for a failure that is no Swift error: one that another language or
    /// another process has reported, with its stack.
    ///
    /// A Swift error carries no stack: `recordError` records its type and its message. The span's
    /// status stays as it is.
    ///
    /// - Parameters:
    ///   - type: The class of the exception, such as `ValueError`.
    ///   - message: What it says.
    ///   - stackTrace: Where it came from, as its language prints that.
    public func recordException(type: String, message: String, stackTrace: String? = nil) {
        guard isRecording else { return }
        var attributes: SpanAttributes = [
            "exception.type": .string(type), "exception.message": .string(message),
        ]
        if let stackTrace { attributes["exception.stacktrace"] = stackTrace }
        addEvent(SpanEvent(name: "exception", attributes: attributes))
    }
}
