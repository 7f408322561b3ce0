internal import SpanLogStore
public import Tracing

/// Makes spans that are recorded into a ``Recorder``'s store, and carries their context in headers.
///
/// It implements swift-distributed-tracing's `Tracer`, so `withSpan`, `startSpan` and every
/// instrumented library work with it.
public struct SpanLogTracer: Tracer {
    /// The type of the spans.
    public typealias Span = ActiveSpan

    let core: TracerCore

    init(_ core: TracerCore) {
        self.core = core
    }

    /// Starts a span: a child of the one in `context`, or the root of a new trace.
    ///
    /// Whether it is recorded, the configuration's ``Sampler`` decides.
    @inlinable
    public func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> ServiceContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> ActiveSpan {
        // Inlined, so that what follows is no longer generic: unspecialised it costs several times
        // as much as everything else.
        startSpan(
            operationName, context: context(), ofKind: kind,
            nanoseconds: instant().nanosecondsSinceEpoch,
            isWallClock: Instant.self == DefaultTracerClock.Timestamp.self)
    }

    @usableFromInline
    func startSpan(
        _ operationName: String, context: ServiceContext, ofKind kind: SpanKind,
        nanoseconds: UInt64, isWallClock: Bool
    ) -> ActiveSpan {
        core.startSpan(operationName, in: context, kind) { lane in
            SpanInstant(nanoseconds, isWallClock: isWallClock, lane.clock)
        }
    }

    /// Starts a span now: a child of the one in `context`, or the root of a new trace.
    public func startSpan(
        _ operationName: String, context: ServiceContext, ofKind kind: SpanKind = .internal
    ) -> ActiveSpan {
        core.startSpan(operationName, in: context, kind) { lane in
            SpanInstant(now: lane.clock)
        }
    }

    /// Starts a child of `parent`, now.
    ///
    /// It costs less than starting it in the parent's context, which is made when it is asked for.
    public func startSpan(
        _ operationName: String, childOf parent: ActiveSpan, ofKind kind: SpanKind = .internal
    ) -> ActiveSpan {
        core.startSpan(operationName, childOf: parent, parent.baseContext, kind) { lane in
            SpanInstant(now: lane.clock)
        }
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
        try? core.writer.flushBlocking()
    }
}
