internal import SpanLogFormat
internal import SpanLogStore
internal import Tracing

/// What the copies of a ``SpanLogTracer`` have in common.
final class TracerCore: Sendable {
    let writer: StoreWriter
    private let spool: Spool
    let lanes: [RecordingLane]
    private let sampler: Sampler

    init(
        writer: StoreWriter, sampler: Sampler, limits: SpanLimits, redaction: Redaction?
    ) {
        self.writer = writer
        self.sampler = sampler
        spool = writer.spool
        let spoolLanes = writer.spool.lanes
        let generators = IDGenerator.family(of: spoolLanes.count)
        let attachments = RecordedAttachments()
        lanes = zip(spoolLanes, generators).map { spool, generator in
            RecordingLane(
                spool: spool, generator: generator, limits: limits, redaction: redaction,
                attachments: attachments)
        }
    }

    /// Starts a span in `context`. The clock is read only if it is recorded.
    @inline(__always)
    func startSpan(
        _ operationName: String, in context: ServiceContext, _ kind: SpanKind,
        start: (RecordingLane) -> SpanInstant
    ) -> ActiveSpan {
        guard let parent = context.currentSpan else {
            return startRoot(operationName, context, kind, start: start)
        }
        let context = context.withoutCurrentSpan()
        switch parent {
        case .local(let parent):
            return startSpan(operationName, childOf: parent, context, kind, start: start)
        case .remote(let caller):
            return startSpan(
                operationName, below: caller.identity, isRemote: true, context, kind, start: start)
        }
    }

    /// Starts a child of a span of this process.
    @inline(__always)
    func startSpan(
        _ operationName: String, childOf parent: ActiveSpan, _ context: ServiceContext,
        _ kind: SpanKind, start: (RecordingLane) -> SpanInstant
    ) -> ActiveSpan {
        startSpan(
            operationName, below: parent.identity, isRemote: false, context, kind, start: start)
    }

    @inline(__always)
    private func startSpan(
        _ operationName: String, below parent: SpanIdentity, isRemote: Bool,
        _ context: ServiceContext, _ kind: SpanKind, start: (RecordingLane) -> SpanInstant
    ) -> ActiveSpan {
        let lane = lanes[spool.laneIndex]
        let isSampled = sampler.isSampled(
            parent.traceID, parentIsSampled: parent.isSampled)
        let identity = SpanIdentity(
            traceID: parent.traceID, spanID: lane.generator.spanID(),
            flags: parent.flags.sampled(isSampled), traceState: parent.traceState)
        guard isSampled else {
            return ActiveSpan(notSampled: operationName, identity, context, lane)
        }
        return startRecording(
            operationName, identity, parentID: parent.spanID, isParentRemote: isRemote, context,
            kind, lane, start: start(lane))
    }

    private func startRoot(
        _ operationName: String, _ context: ServiceContext, _ kind: SpanKind,
        start: (RecordingLane) -> SpanInstant
    ) -> ActiveSpan {
        let lane = lanes[spool.laneIndex]
        let traceID = lane.generator.traceID()
        let isSampled = sampler.isSampled(traceID, parentIsSampled: nil)
        let identity = SpanIdentity(
            traceID: traceID, spanID: lane.generator.spanID(),
            flags: TraceFlags.random.sampled(isSampled), traceState: TraceState())
        guard isSampled else {
            return ActiveSpan(notSampled: operationName, identity, context, lane)
        }
        return startRecording(
            operationName, identity, parentID: nil, isParentRemote: false, context, kind, lane,
            start: start(lane))
    }

    @inline(__always)
    private func startRecording(
        _ operationName: String, _ identity: SpanIdentity, parentID: SpanID?,
        isParentRemote: Bool, _ context: ServiceContext, _ kind: SpanKind, _ lane: RecordingLane,
        start: SpanInstant
    ) -> ActiveSpan {
        let head = SpanDraft.Head(
            traceID: identity.traceID, spanID: identity.spanID, parentSpanID: parentID,
            flags: UInt32(identity.flags.rawValue) | SpanRecord.parentFlags(isParentRemote),
            kind: SpanRecord.Kind(kind), startNanoseconds: start.nanoseconds)
        let draft = lane.begin(head, operationName, identity.traceState)
        let span = ActiveSpan(
            operationName, identity, context, lane, start: start, draft: draft)
        let isFirstOfProcess = parentID == nil || isParentRemote
        if isFirstOfProcess, !context.isEmpty { span.sayScope(of: context) }
        return span
    }
}

extension TraceFlags {
    /// The flags that are passed on, with this decision.
    @inline(__always)
    fileprivate func sampled(_ isSampled: Bool) -> TraceFlags {
        let others = intersection(.known).subtracting(.sampled)
        return isSampled ? others.union(.sampled) : others
    }
}
