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
    /// The span itself, with its raw times.
    public let record: SpanRecord
    /// The resource of the recorder: service, host, process.
    public let resource: Resource
    /// The span itself, with its raw times.
    public let recorderID: RecorderID

    /// Creates a span with its provenance.
    public init(record: SpanRecord, resource: Resource, recorderID: RecorderID) {
        self.record = record
        self.resource = resource
        self.recorderID = recorderID
    }
}
