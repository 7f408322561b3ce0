public import SpanLog
internal import Tracing

/// A call of a function that is traced: what ``Traced(_:type:inputs:outputs:)`` expands to.
public struct TracedFunction {
    private let span: any Tracing.Span
    private let recordsResult: Bool

    /// Starts the span of a call.
    public init(
        _ name: String?, type: SpanType = .unknown, function: String, outputs: Bool = true
    ) {
        span = InstrumentationSystem.tracer.startAnySpan(
            name ?? function, context: .current ?? .topLevel)
        recordsResult = outputs
        guard span.isRecording else { return }
        if type != .unknown { span.spanType = type }
        span.attributes["mlflow.spanFunctionName"] = function
    }

    /// Whether it is of use to record anything.
    public var isRecording: Bool { span.isRecording }

    /// Records the arguments by their names.
    public func setArguments(_ arguments: [String: Any]) {
        span.setInputs(arguments.mapValues(RecordedValue.init))
    }

    /// Runs the body of a function inside of the span, and ends it.
    public func run<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { span.end() }
        let outcome = ServiceContext.withValue(span.context) {
            () -> Swift.Result<Result, Failure> in
            do throws(Failure) {
                return .success(try body())
            } catch {
                return .failure(error)
            }
        }
        record(outcome)
        return try outcome.get()
    }

    /// Runs the body of a function inside of the span, and ends it.
    public func run<Result, Failure: Error>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        defer { span.end() }
        let outcome = await ServiceContext.withValue(span.context) {
            () async -> Swift.Result<Result, Failure> in
            do throws(Failure) {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        record(outcome)
        return try outcome.get()
    }

    private func record<Result, Failure: Error>(_ outcome: Swift.Result<Result, Failure>) {
        guard span.isRecording else { return }
        switch outcome {
        case .success(let result):
            if recordsResult, Result.self != Void.self { span.setOutputs(RecordedValue(result)) }
        case .failure(let error):
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error))
        }
    }
}

/// A value of any type, as itself if it can be encoded, and else as its description.
private struct RecordedValue: Encodable {
    private let value: Any

    init(_ value: Any) {
        self.value = value
    }

    func encode(to encoder: any Encoder) throws {
        guard let value = value as? any Encodable else {
            var container = encoder.singleValueContainer()
            return try container.encode(String(describing: value))
        }
        try value.encode(to: encoder)
    }
}
