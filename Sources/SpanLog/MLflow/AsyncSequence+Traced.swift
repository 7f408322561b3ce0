internal import SpanLogFormat
public import Tracing

extension AsyncSequence where Element: Encodable & Sendable {
    /// The same elements, with a span for each iteration that records them: MLflow's tracing of
    /// generators.
    ///
    /// The span starts when somebody asks for the first element, as a child of the span that was
    /// current when this was called. Each element becomes an event `mlflow.chunk.item.0`,
    /// `mlflow.chunk.item.1` and so on. When the sequence ends, so does the span, and what `reduce` makes
    /// of all elements is its output.
    ///
    /// ```swift
    /// let answer = client.stream(request)
    ///     .traced("answer", ofType: .chatModel, inputs: request) { chunks in
    ///         chunks.map(\.text).joined()
    ///     }
    /// for try await chunk in answer { print(chunk.text) }
    /// ```
    ///
    /// If the sequence throws, cancellation included, the error is recorded and the span failed; it
    /// has no output then, as in MLflow. If nobody asks for more, the span ends when the iterator goes
    /// away, with the output so far, and `spanlog.stream.end` says `abandoned`, or `cancelled` if the
    /// task was.
    ///
    /// - Parameters:
    ///   - name: The name of the span.
    ///   - type: What kind of work it stands for.
    ///   - tracer: Who makes the span; `nil` for the current tracer.
    ///   - inputs: What the work was given.
    ///   - reduce: Makes the output of all elements. If it throws, the output is their list, and
    ///     `spanlog.outputs.reducer_error` says why.
    public func traced<Output: Encodable & SendableMetatype>(
        _ name: String, ofType type: SpanType = .unknown, by tracer: (any Tracer)? = nil,
        inputs: (any Encodable & Sendable)? = nil,
        reduce: @escaping @Sendable ([Element]) throws -> Output
    ) -> TracedAsyncSequence<Self> {
        TracedAsyncSequence(
            base: self,
            settings: StreamSettings(
                name: name, type: type, tracer: tracer ?? InstrumentationSystem.tracer,
                context: .current ?? .topLevel, inputs: inputs,
                setOutputs: { span, elements in
                    do {
                        span.setOutputs(try reduce(elements))
                    } catch {
                        span.setOutputs(elements)
                        span.record(
                            .string(String(describing: error)),
                            for: "spanlog.outputs.reducer_error")
                    }
                }))
    }

    /// The same elements, with a span for each iteration that records them, whose output is the list
    /// of all elements. See ``traced(_:ofType:by:inputs:reduce:)``.
    public func traced(
        _ name: String, ofType type: SpanType = .unknown, by tracer: (any Tracer)? = nil,
        inputs: (any Encodable & Sendable)? = nil
    ) -> TracedAsyncSequence<Self> {
        traced(name, ofType: type, by: tracer, inputs: inputs) { $0 }
    }
}
