internal import Dispatch
internal import SpanLogFormat
internal import SpanLogStore
internal import Synchronization
public import Tracing

/// Makes spans that are recorded into a ``Recorder``'s store, and carries their context in headers.
///
/// It implements swift-distributed-tracing's `Tracer`, so `withSpan`, `startSpan` and every
/// instrumented library work with it.
public struct SpanLogTracer: Tracer {
    /// The type of the spans.
    public typealias Span = ActiveSpan

    private let writer: StoreWriter
    private let generator = IDGenerator()

    init(writer: StoreWriter) {
        self.writer = writer
    }

    /// Starts a span: a child of the one in `context`, or the root of a new trace.
    ///
    /// A child of a span that is not sampled records nothing and passes the decision on.
    public func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> ServiceContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> ActiveSpan {
        let context = context()
        return ActiveSpan(
            operationName, identity: identity(in: context), parentContext: context, kind: kind,
            start: SpanInstant(instant()), writer: writer)
    }

    /// The span of this process that `context` stands in, ended or not.
    public func activeSpan(identifiedBy context: ServiceContext) -> ActiveSpan? {
        guard case .local(let span) = context.currentSpan else { return nil }
        return span
    }

    /// Blocks until every span that has ended by now is durable or cannot be made so.
    ///
    /// ``Recorder/flush()`` does the same and tells of failures.
    public func forceFlush() {
        try? waitUntilDurable()
    }

    func waitUntilDurable() throws(RecorderError) {
        let isDone = DispatchSemaphore(value: 0)
        let failure = Box<StoreError?>(nil)
        writer.flush { error in
            failure.value.withLock { $0 = error }
            isDone.signal()
        }
        isDone.wait()
        if let error = failure.value.withLock({ $0 }) { throw RecorderError(error) }
    }

    private func identity(in context: ServiceContext) -> SpanIdentity {
        guard let parent = context.spanIdentity else {
            return SpanIdentity(
                traceID: generator.traceID(), spanID: generator.spanID(),
                flags: [.sampled, .random], traceState: TraceState())
        }
        return SpanIdentity(
            traceID: parent.traceID, spanID: generator.spanID(),
            flags: parent.flags.intersection(.known), traceState: parent.traceState)
    }
}
