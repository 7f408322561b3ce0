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
    let lane: RecordingLane
    /// The context of the span's start without its current span: what a long-lived context holds of
    /// this span is not the chain of spans above it.
    let baseContext: ServiceContext
    private let state: Mutex<SpanState>
    /// Whether the span may be recording, for those who need no lock if it is not.
    private let mayRecord: Atomic<Bool>

    init(
        _ operationName: String, identity: SpanIdentity, parentID: SpanID?, isParentRemote: Bool,
        context: ServiceContext, kind: SpanKind, start: SpanInstant, lane: RecordingLane
    ) {
        self.identity = identity
        self.start = start
        self.lane = lane
        baseContext = context
        mayRecord = Atomic(identity.isSampled)
        guard identity.isSampled else {
            state = Mutex(SpanState(operationName))
            return
        }
        let head = SpanDraft.Head(
            traceID: identity.traceID, spanID: identity.spanID, parentSpanID: parentID,
            flags: UInt32(identity.flags.rawValue) | SpanRecord.parentFlags(isParentRemote),
            kind: SpanRecord.Kind(kind), startNanoseconds: start.nanoseconds)
        state = Mutex(
            SpanState(
                operationName,
                lane.begin(head, operationName, identity.traceState)))
    }

    deinit {
        // A span that nobody ended and nobody can end any more is recorded as unfinished.
        guard mayRecord.load(ordering: .relaxed) else { return }
        state.withLock { state in
            if state.isRecording { state.abandon(lane) }
        }
    }

    /// The context for what happens inside the span: that of its start, with this span as the
    /// current one.
    public var context: ServiceContext {
        var context = baseContext
        context.currentSpan = .local(self)
        return context
    }

    /// Whether the span is sampled and has not ended.
    public var isRecording: Bool {
        mayRecord.load(ordering: .relaxed) && state.withLock { $0.isRecording }
    }

    /// The span's name. Changing it renames the span.
    public var operationName: String {
        get { state.withLock { $0.operationName } }
        set { change { state, _ in state.rename(newValue) } }
    }

    /// The attributes. A key that is set again gets the new value. Empty once the span has ended.
    ///
    /// ``setAttribute(_:_:)-(_,String)`` costs less: it makes no dictionary.
    public var attributes: SpanAttributes {
        get { state.withLock { $0.attributes() } }
        set { change { $0.setAttributes(newValue, $1) } }
        _modify {
            // Not under the lock: what happens meanwhile is none of the span's business.
            var attributes = state.withLock { $0.takeAttributes() }
            yield &attributes
            change { $0.setAttributes(attributes, $1) }
        }
    }

    /// Changes several attributes in one go. `update` is not called unless the span is recording.
    public func updateAttributes(_ update: (inout SpanAttributes) -> Void) {
        let taken = state.withLock { $0.isRecording ? $0.takeAttributes() : nil }
        guard var attributes = taken else { return }
        update(&attributes)
        change { $0.setAttributes(attributes, $1) }
    }

    /// Says how the work went.
    ///
    /// By OpenTelemetry's rules `ok` is final. An error without a message keeps the message that
    /// was there, or else gets that of the last recorded error.
    public func setStatus(_ status: SpanStatus) {
        change { state, _ in state.details.setStatus(status) }
    }

    /// Adds something that happened.
    public func addEvent(_ event: SpanEvent) {
        change { $0.details.addEvent(event, $1.limits) }
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
        change { $0.details.addError(event, "\(type): \(message)", $1.limits) }
    }

    /// Adds a reference to another span. A context without a span is ignored.
    public func addLink(_ link: SpanLink) {
        guard let identity = link.context.spanIdentity else { return }
        change { $0.details.addLink(to: identity, link.attributes, $1.limits) }
    }

    @inline(__always)
    private func change(_ body: (inout SpanState, RecordingLane) -> Void) {
        guard mayRecord.load(ordering: .relaxed) else { return }
        state.withLock { state in
            if state.isRecording { body(&state, lane) }
        }
    }
}

// MARK: The end

extension ActiveSpan {
    /// Ends the span and hands it to the recorder. Only the first call does anything.
    ///
    /// It never waits for the disk, unless the configuration says so.
    @inlinable
    public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        end(
            nanoseconds: instant().nanosecondsSinceEpoch,
            isWallClock: Instant.self == DefaultTracerClock.Timestamp.self)
    }

    @usableFromInline
    func end(nanoseconds: UInt64, isWallClock: Bool) {
        end(at: SpanInstant(nanoseconds, isWallClock: isWallClock, lane.clock))
    }

    /// Ends the span now and hands it to the recorder. Only the first call does anything.
    ///
    /// It never waits for the disk, unless the configuration says so.
    public func end() {
        guard identity.isSampled else { return }
        end(at: SpanInstant(now: lane.clock))
    }

    private func end(at instant: SpanInstant) {
        state.withLock { state in
            guard state.isRecording else { return }
            mayRecord.store(false, ordering: .relaxed)
            state.end(
                lane, at: instant.nanoseconds(since: start), start: start.nanoseconds)
        }
    }
}

// MARK: Attributes without a dictionary

extension ActiveSpan {
    /// Sets an attribute. A key that is set again gets the new value.
    ///
    /// It costs less than setting it through ``attributes``: it makes no dictionary.
    public func setAttribute(_ key: String, _ value: String) {
        change { $0.setAttribute(key, value, $1) }
    }

    /// Sets an attribute. A key that is set again gets the new value.
    public func setAttribute(_ key: String, _ value: Int) {
        change { $0.setAttribute(key, Int64(value), $1) }
    }

    /// Sets an attribute. A key that is set again gets the new value.
    public func setAttribute(_ key: String, _ value: Double) {
        change { $0.setAttribute(key, value, $1) }
    }

    /// Sets an attribute. A key that is set again gets the new value.
    public func setAttribute(_ key: String, _ value: Bool) {
        change { $0.setAttribute(key, value, $1) }
    }
}
