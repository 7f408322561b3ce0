public import SpanLogFormat
public import Tracing

/// What other spans and other processes need to know of a span: OpenTelemetry's *SpanContext*.
public struct SpanIdentity: Hashable, Sendable {
    /// The trace that the span belongs to.
    public let traceID: TraceID
    /// The span's own identifier.
    public let spanID: SpanID
    /// The flags that travel with the trace.
    public let flags: TraceFlags
    /// What other tracing systems have put into the trace's headers.
    public let traceState: TraceState

    /// Whether the trace is recorded.
    public var isSampled: Bool { flags.contains(.sampled) }
}

extension ServiceContext {
    /// The span that new spans in this context become children of: one of this process, or the
    /// caller's, as its headers told. `nil` outside of all spans.
    public var spanIdentity: SpanIdentity? {
        currentSpan?.identity
    }

    var currentSpan: CurrentSpan? {
        get { self[CurrentSpanKey.self] }
        set { self[CurrentSpanKey.self] = newValue }
    }

    /// The context without its current span, which it has.
    func withoutCurrentSpan() -> ServiceContext {
        // Mostly there is nothing else, and a new context is cheaper than a changed copy.
        if count == 1 { return .topLevel }
        var context = self
        context.currentSpan = nil
        return context
    }
}

/// The span that a context stands in.
enum CurrentSpan: Sendable {
    case local(ActiveSpan)
    case remote(Caller)

    var identity: SpanIdentity {
        switch self {
        case .local(let span): span.identity
        case .remote(let caller): caller.identity
        }
    }

    /// A span of another process. A class, since a context boxes whatever is larger than 24 bytes.
    final class Caller: Sendable {
        let identity: SpanIdentity

        init(_ identity: SpanIdentity) {
            self.identity = identity
        }
    }
}

private enum CurrentSpanKey: ServiceContextKey {
    typealias Value = CurrentSpan
    static var nameOverride: String? { "spanlog-span" }
}
