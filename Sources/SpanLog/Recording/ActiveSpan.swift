internal import SpanLogFormat
internal import SpanLogStore
internal import Synchronization
public import Tracing

/// A span that is running, or was: swift-distributed-tracing's `Span`.
///
/// It may be used from any thread. While it runs it stands in the recorder's spool, where it
/// survives the process as unfinished; so does a span that nobody ever ends. Once it has ended it
/// is recorded as it is, and all changes are ignored. A span of a trace that is not sampled keeps
/// its identity and context, and records nothing.
public final class ActiveSpan: Tracing.Span {
    /// The span's identity: trace, span, flags and trace state.
    public let identity: SpanIdentity
    private let start: SpanInstant
    private let clock: HostClock
    private let state: Mutex<State>

    /// What changes while the span runs.
    private struct State: ~Copyable {
        var operationName: String
        /// The context of the span's start, whose current span is one above this one, or none.
        var baseContext: ServiceContext
        /// What is recorded; `nil` if the span is not sampled, and once it has ended.
        var content: SpanContent?
    }

    init(
        _ operationName: String, identity: SpanIdentity, parent: CurrentSpan?,
        context: ServiceContext, kind: SpanKind, start: SpanInstant, clock: HostClock, spool: Spool
    ) {
        self.identity = identity
        self.start = start
        self.clock = clock
        var content: SpanContent?
        if identity.isSampled {
            content = SpanContent(
                spool.draft(), SpanDraft.Head(identity, parent, kind, start.nanoseconds),
                operationName, identity.traceState)
        }
        state = Mutex(
            State(
                operationName: operationName, baseContext: context, content: content.take()))
    }

    /// The context for what happens inside the span: that of its start, with this span as the
    /// current one.
    public var context: ServiceContext {
        var context = baseContext
        context.currentSpan = .local(self)
        return context
    }

    /// The context of the span's start, apart from its current span.
    var baseContext: ServiceContext { state.withLock { $0.baseContext } }

    /// Whether the span is sampled and has not ended.
    public var isRecording: Bool {
        state.withLock { $0.content != nil }
    }

    /// The span's name. Changing it renames the span.
    public var operationName: String {
        get { state.withLock { $0.operationName } }
        set {
            state.withLock { state in
                guard state.content != nil else { return }
                state.operationName = newValue
                state.content?.rename(newValue)
            }
        }
    }

    /// The attributes. A key that is set again gets the new value. Empty once the span has ended.
    ///
    /// ``setAttribute(_:_:)-(_,String)`` costs less: it makes no dictionary.
    public var attributes: SpanAttributes {
        get { state.withLock { $0.content?.attributes() ?? [:] } }
        set { change { $0.setAttributes(newValue) } }
    }

    /// Says how the work went.
    ///
    /// By OpenTelemetry's rules `ok` is final. An error without a message keeps the message that
    /// was there, or else gets that of the last recorded error.
    public func setStatus(_ status: SpanStatus) {
        change { $0.setStatus(status) }
    }

    /// Adds something that happened.
    public func addEvent(_ event: SpanEvent) {
        change { $0.addEvent(event) }
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
        change { $0.addError(event, "\(type): \(message)") }
    }

    /// Adds a reference to another span. A context without a span is ignored.
    public func addLink(_ link: SpanLink) {
        guard let identity = link.context.spanIdentity else { return }
        change { $0.addLink(to: identity, link.attributes) }
    }

    /// Ends the span and hands it to the recorder. Only the first call does anything.
    ///
    /// It never waits for the disk.
    @inlinable
    public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        end(
            nanoseconds: instant().nanosecondsSinceEpoch,
            isWallClock: Instant.self == DefaultTracerClock.Timestamp.self)
    }

    @usableFromInline
    func end(nanoseconds: UInt64, isWallClock: Bool) {
        end(at: SpanInstant(nanoseconds, isWallClock: isWallClock, clock))
    }

    /// Ends the span now and hands it to the recorder. Only the first call does anything.
    ///
    /// It never waits for the disk.
    public func end() {
        end(at: SpanInstant(now: clock))
    }

    private func end(at instant: SpanInstant) {
        let content = state.withLock { state in
            // What a long-lived context may still hold of this span is its identity, not the chain
            // of spans above it.
            state.baseContext.removeCurrentSpan()
            return state.content.take()
        }
        guard var content else { return }
        content.finish()
        content.draft.end(at: instant.nanoseconds(since: start), start: start.nanoseconds)
    }

    private func change(_ body: (inout SpanContent) -> Void) {
        state.withLock { state in
            if state.content != nil { body(&state.content!) }
        }
    }
}

extension ActiveSpan {
    /// Sets an attribute. A key that is set again gets the new value.
    ///
    /// It costs less than setting it through ``attributes``: it makes no dictionary.
    public func setAttribute(_ key: String, _ value: String) {
        change { $0.setAttribute(key, .string(value)) { $0.append(key, value) } }
    }

    /// Sets an attribute. A key that is set again gets the new value.
    public func setAttribute(_ key: String, _ value: Int) {
        change { $0.setAttribute(key, .int64(Int64(value))) { $0.append(key, Int64(value)) } }
    }

    /// Sets an attribute. A key that is set again gets the new value.
    public func setAttribute(_ key: String, _ value: Double) {
        change { $0.setAttribute(key, .double(value)) { $0.append(key, value) } }
    }

    /// Sets an attribute. A key that is set again gets the new value.
    public func setAttribute(_ key: String, _ value: Bool) {
        change { $0.setAttribute(key, .bool(value)) { $0.append(key, value) } }
    }
}

extension SpanDraft.Head {
    fileprivate init(
        _ identity: SpanIdentity, _ parent: CurrentSpan?, _ kind: SpanKind, _ start: UInt64
    ) {
        var flags = UInt32(identity.flags.rawValue) | SpanRecord.parentRemoteKnown
        if case .remote = parent { flags |= SpanRecord.parentRemote }
        self.init(
            traceID: identity.traceID, spanID: identity.spanID,
            parentSpanID: parent?.identity.spanID, flags: flags,
            kind: SpanRecord.Kind(kind), startNanoseconds: start)
    }
}
