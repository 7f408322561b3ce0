internal import SpanLogStore

/// What the spans of a thread share, kept apart from other threads' so that counting its owners
/// costs no traffic between cores.
final class RecordingLane: Sendable {
    let spool: SpoolLane
    let generator: IDGenerator
    let clock = HostClock()
    let limits: SpanLimits
    let redaction: Redaction?
    /// The same for all lanes.
    let attachments: RecordedAttachments

    init(
        spool: SpoolLane, generator: IDGenerator, limits: SpanLimits, redaction: Redaction?,
        attachments: RecordedAttachments
    ) {
        self.spool = spool
        self.generator = generator
        self.limits = limits
        self.redaction = redaction
        self.attachments = attachments
    }

    /// The draft of a span that starts.
    @inline(__always)
    func begin(
        _ head: SpanDraft.Head, _ name: String, _ traceState: TraceState
    ) -> SpanDraft {
        guard traceState.isEmpty, redaction == nil else {
            return beginWithCare(head, name, traceState)
        }
        return spool.begin(head, name: name)
    }

    private func beginWithCare(
        _ head: SpanDraft.Head, _ name: String, _ traceState: TraceState
    ) -> SpanDraft {
        var draft = spool.begin(
            head, name: name, traceState: traceState.headerValue(lengthMax: .max))
        // What has not been redacted must not reach the disk.
        if redaction != nil { draft.leaveSlot() }
        return draft
    }
}
