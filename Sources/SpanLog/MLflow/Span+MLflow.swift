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
            set(.string(newValue.rawValue), for: AttributeKey.spanType)
        }
    }

    /// Records what the work was given, as JSON. A second call replaces the first.
    ///
    /// A value that cannot be encoded is recorded as its description, and
    /// `spanlog.inputs.encoding_error` says why. Does nothing in a span that is not recording.
    ///
    /// - Complexity: O(*n*) in the size of the value.
    public func setInputs(_ inputs: some Encodable) {
        set(inputs, for: AttributeKey.spanInputs, error: "spanlog.inputs.encoding_error")
    }

    /// Records what the work produced, as JSON. A second call replaces the first.
    ///
    /// A value that cannot be encoded is recorded as its description, and
    /// `spanlog.outputs.encoding_error` says why. Does nothing in a span that is not recording.
    ///
    /// - Complexity: O(*n*) in the size of the value.
    public func setOutputs(_ outputs: some Encodable) {
        set(outputs, for: AttributeKey.spanOutputs, error: "spanlog.outputs.encoding_error")
    }

    /// Says something about the whole trace, from any span of it and on any host.
    ///
    /// Where several spans of a trace say different things, the one that started last wins.
    ///
    /// - Parameters:
    ///   - name: The name that MLflow lists the trace under; without one, that of its root.
    ///   - tags: Added to the tags of the trace. Keys that begin with `mlflow.` are MLflow's own
    ///     and not exported.
    ///   - sessionID: The conversation that the trace is a part of.
    ///   - userID: The user on whose behalf the trace ran.
    public func updateTrace(
        name: String? = nil, tags: [String: String] = [:], sessionID: String? = nil,
        userID: String? = nil
    ) {
        guard isRecording else { return }
        updateAttributes { attributes in
            if let name { attributes[AttributeKey.traceName] = name }
            for (key, value) in tags { attributes[AttributeKey.traceTagPrefix + key] = value }
            if let sessionID { attributes[AttributeKey.session] = sessionID }
            if let userID { attributes[AttributeKey.user] = userID }
        }
    }

    private func set(_ value: some Encodable, for key: String, error errorKey: String) {
        guard isRecording else { return }
        do {
            set(.string(try JSONText.encode(value)), for: key)
        } catch {
            let description = (try? JSONText.encode(String(describing: value))) ?? "null"
            set(.string(description), for: key)
            set(.string(String(describing: error)), for: errorKey)
        }
    }

    private func set(_ value: SpanAttribute, for key: String) {
        updateAttributes { $0.set(key, value: value) }
    }
}
