import SpanLogFormat

/// The tables of an archive. The documentation of SpanLogMerge describes them.
enum ArchiveFormat {
    /// `format` → "spanlog-archive 1"; `report` → the merge's report as JSON.
    static let meta = "meta"
    /// Trace id and number of the part → a serialized OTLP `TracesData`.
    static let traces = "traces"
    /// Start of the trace and trace id → its summary.
    static let index = "index"
    /// Number → a record that no tree can hold, with its reason.
    static let quarantine = "quarantine"

    static let formatKey = Array("format".utf8)
    static let format = Array("spanlog-archive 1".utf8)
    static let reportKey = Array("report".utf8)

    static func traceKey(_ id: TraceID, part: UInt32 = 0) -> [UInt8] {
        id.bytes + part.bigEndianBytes
    }

    static func indexKey(_ summary: TraceSummary) -> [UInt8] {
        summary.startNanoseconds.bigEndianBytes + summary.traceID.bytes
    }

    /// The field of `ResourceSpans` that holds the recorder's id. OTLP has no such field, and
    /// parsers of OTLP pass it over.
    static let recorderIDField = 15_000
}
