internal import SpanLogStore
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
    private let phase: RecordingPhase
    // SAFETY: only who has entered or ended the phase is at it, apart from the name of a span that
    // has ended, which does not change any more.
    @exclusivity(unchecked) private nonisolated(unsafe) var state: SpanState

    /// A span that is recorded.
    init(
        _ operationName: String, _ identity: SpanIdentity, _ context: ServiceContext,
        _ lane: RecordingLane, start: SpanInstant, draft: consuming SpanDraft
    ) {
        self.identity = identity
        self.start = start
        self.lane = lane
        baseContext = context
        phase = RecordingPhase(isRecording: true)
        unsafe state = SpanState(operationName, draft)
    }

    /// A span of a trace that is not sampled.
    init(
        notSampled operationName: String, _ identity: SpanIdentity, _ context: ServiceContext,
        _ lane: RecordingLane
    ) {
        self.identity = identity
        start = .unknown
        self.lane = lane
        baseContext = context
        phase = RecordingPhase(isRecording: false)
        unsafe state = SpanState(operationName)
    }

    deinit {
        // A span that nobody ended and nobody can end any more is recorded as unfinished.
        if phase.end() { unsafe state.abandon(lane) }
    }

    /// The context for what happens inside the span: that of its start, with this span as the
    /// current one.
    public var context: ServiceContext {
        var context = baseContext
        context.currentSpan = .local(self)
        return context
    }

    /// Whether the span is sampled and has not ended.
    public var isRecording: Bool { phase.isRecording }

    /// The span's name. Changing it renames the span.
    public var operationName: String {
        get { read { $0.operationName } ?? (unsafe state.operationName) }
        set { change { state, _ in state.rename(newValue) } }
    }

    /// The attributes. A key that is set again gets the new value. Empty once the span has ended.
    ///
    /// ``setAttribute(_:_:)-(_,String)`` costs less: it makes no dictionary.
    public var attributes: SpanAttributes {
        get { read { $0.attributes() } ?? [:] }
        set { change { $0.setAttributes(newValue, $1) } }
        _modify {
            // Others are not kept out meanwhile: what the caller does may take long.
            var attributes = read { $0.takeAttributes() } ?? [:]
            yield &attributes
            change { $0.setAttributes(attributes, $1) }
        }
    }

    /// Changes several attributes in one go. `update` is not called unless the span is recording.
    public func updateAttributes(_ update: (inout SpanAttributes) -> Void) {
        guard var attributes = read({ $0.takeAttributes() }) else { return }
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
        let type = ErrorName.name(of: error)
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

    /// Changes the state, if the span is recording.
    @inline(__always)
    private func change(_ body: (inout SpanState, RecordingLane) -> Void) {
        guard phase.enter() else { return }
        unsafe body(&state, lane)
        phase.leave()
    }

    /// What `body` finds in the state, or `nil` if the span is not recording.
    @inline(__always)
    private func read<Value>(_ body: (inout SpanState) -> Value) -> Value? {
        guard phase.enter() else { return nil }
        defer { phase.leave() }
        return unsafe body(&state)
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
        guard phase.end() else { return }
        unsafe state.end(
            lane, at: instant.nanoseconds(since: start), start: start.nanoseconds)
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
