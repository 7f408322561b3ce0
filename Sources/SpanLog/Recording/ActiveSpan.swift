internal import SpanLogFormat
internal import SpanLogStore
internal import Synchronization
public import Tracing

/// A span that is running, or was: swift-distributed-tracing's `Span`.
///
/// It may be used from any thread. Once it has ended it is recorded as it is, and all changes are
/// ignored. A span of a trace that is not sampled keeps its identity and context, and records
/// nothing.
public final class ActiveSpan: Tracing.Span {
    /// The span's identity: trace, span, flags and trace state.
    public let identity: SpanIdentity
    let kind: SpanKind
    let start: SpanInstant
    let parentSpanID: SpanID?
    let isParentRemote: Bool
    private let writer: StoreWriter
    private let state: Mutex<State>

    /// What changes while the span runs.
    struct State {
        var operationName: String
        var parentContext: ServiceContext
        var attributes: SpanAttributes = [:]
        var events: [SpanEvent] = []
        var links: [SpanLink] = []
        var status: SpanStatus?
        /// What the last recorded error says, for a status that says nothing itself.
        var errorMessage: String?
        var isEnded = false
    }

    init(
        _ operationName: String, identity: SpanIdentity, parentContext: ServiceContext,
        kind: SpanKind, start: SpanInstant, writer: StoreWriter
    ) {
        self.identity = identity
        self.kind = kind
        self.start = start
        self.writer = writer
        parentSpanID = parentContext.spanIdentity?.spanID
        if case .remote = parentContext.currentSpan {
            isParentRemote = true
        } else {
            isParentRemote = false
        }
        state = Mutex(State(operationName: operationName, parentContext: parentContext))
    }

    /// The context for what happens inside the span: that of its start, with this span as the
    /// current one.
    public var context: ServiceContext {
        var context = state.withLock(\.parentContext)
        context.currentSpan = .local(self)
        return context
    }

    /// Whether the span is sampled and has not ended.
    public var isRecording: Bool {
        identity.isSampled && !state.withLock(\.isEnded)
    }

    /// The span's name. Changing it renames the span.
    public var operationName: String {
        get { state.withLock(\.operationName) }
        set { change { $0.operationName = newValue } }
    }

    /// The attributes. A key that is set again gets the new value.
    public var attributes: SpanAttributes {
        get { state.withLock(\.attributes) }
        set { change { $0.attributes = newValue } }
    }

    /// Says how the work went.
    ///
    /// By OpenTelemetry's rules `ok` is final. An error without a message keeps the message that
    /// was there, or else gets that of the last recorded error.
    public func setStatus(_ status: SpanStatus) {
        change { state in
            guard state.status?.code != .ok else { return }
            guard status.code == .error else {
                state.status = SpanStatus(code: status.code)
                return
            }
            let message = status.message ?? state.status?.message ?? state.errorMessage
            state.status = SpanStatus(code: .error, message: message)
        }
    }

    /// Adds something that happened.
    public func addEvent(_ event: SpanEvent) {
        change { $0.events.append(event) }
    }

    /// Adds an event `exception` with the error's type and message, by OpenTelemetry's semantic
    /// conventions. The span's status stays as it is.
    public func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        guard isRecording else { return }
        let type = String(reflecting: Swift.type(of: error))
        let message = String(describing: error)
        var all: SpanAttributes = [
            "exception.type": .string(type), "exception.message": .string(message),
        ]
        all.merge(attributes)
        let event = SpanEvent(name: "exception", at: instant(), attributes: all)
        change { state in
            state.events.append(event)
            state.errorMessage = "\(type): \(message)"
        }
    }

    /// Adds a reference to another span. A context without a span is ignored.
    public func addLink(_ link: SpanLink) {
        guard link.context.spanIdentity != nil else { return }
        change { $0.links.append(link) }
    }

    /// Ends the span and hands it to the recorder, encoded. Only the first call does anything.
    ///
    /// It never waits for the disk.
    public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let ended: State? = state.withLock { state in
            guard !state.isEnded else { return nil }
            let ended = state
            // What a long-lived context may still hold of this span is its identity, not its
            // content, nor the chain of spans above it.
            state = State(operationName: ended.operationName, parentContext: ended.parentContext)
            state.parentContext.currentSpan = nil
            state.isEnded = true
            return ended
        }
        guard let ended, identity.isSampled else { return }
        let end = SpanInstant(instant()).nanoseconds(since: start)
        writer.append(encoded(ended, end: end), start: start.nanoseconds, end: end)
    }

    private func change(_ body: (inout State) -> Void) {
        guard identity.isSampled else { return }
        state.withLock { state in
            if !state.isEnded { body(&state) }
        }
    }
}
