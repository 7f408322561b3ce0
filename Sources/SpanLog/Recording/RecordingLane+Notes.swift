internal import SpanLogFormat
internal import SpanLogStore

extension RecordingLane {
    /// Records a note: a span that stands for no work and says something about its trace, now.
    ///
    /// It has ended when this returns, so it survives the process. It may come long after the trace.
    func recordNote(on traceID: TraceID, spanID: SpanID?, _ attributes: [Attribute]) {
        let now = SpanInstant(now: clock).nanoseconds
        var note = SpanRecord(
            traceID: traceID, spanID: generator.spanID(), parentSpanID: spanID,
            name: AttributeKey.noteName, startNanoseconds: now, endNanoseconds: now)
        note.kind = .internal
        note.flags = UInt32(TraceFlags.sampled.rawValue)
        note.attributes = attributes
        var bytes = note.encoded()
        if let redaction { bytes = redaction.redacted(bytes) }
        spool.append(bytes, start: now, end: now)
    }
}
