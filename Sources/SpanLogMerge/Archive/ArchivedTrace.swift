public import SpanLogFormat

/// One whole trace, as the merge joined it.
public struct ArchivedTrace: Sendable {
    /// The identifier that all its spans carry.
    public let id: TraceID
    /// The spans of all hosts, in the order of their starts, equal starts by span id.
    public let spans: [ArchivedSpan]

    /// Creates a trace from spans in their order.
    public init(id: TraceID, spans: [ArchivedSpan]) {
        self.id = id
        self.spans = spans
    }
}

/// A span together with who recorded it.
public struct ArchivedSpan: Sendable {
    /// The span itself. Its times, and those of its events, are corrected as ``clock`` says.
    public let record: SpanRecord
    /// The resource of the recorder: service, host, process.
    public let resource: Resource
    /// Who recorded the span.
    public let recorderID: RecorderID
    /// How times were corrected, or `nil` if they are as they were recorded.
    public let clock: SpanClock?

    /// Creates a span with its provenance.
    public init(
        record: SpanRecord, resource: Resource, recorderID: RecorderID, clock: SpanClock? = nil
    ) {
        self.record = record
        self.resource = resource
        self.recorderID = recorderID
        self.clock = clock
    }
}
