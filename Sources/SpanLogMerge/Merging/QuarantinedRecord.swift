import SpanLogFormat

/// A record that is no valid span: kept, with the reason, outside all traces.
struct QuarantinedRecord: Comparable, Sendable {
    let reason: String
    let recorderID: RecorderID
    let sequence: UInt64
    let bytes: [UInt8]

    private enum Field {
        static let reason = 1
        static let recorderID = 2
        static let sequence = 3
        static let bytes = 4
    }

    /// Orders records by where they come from and what they are, not by when they were read.
    static func < (left: QuarantinedRecord, right: QuarantinedRecord) -> Bool {
        if left.recorderID != right.recorderID { return left.recorderID < right.recorderID }
        if left.sequence != right.sequence { return left.sequence < right.sequence }
        if left.bytes != right.bytes { return left.bytes.lexicographicallyPrecedes(right.bytes) }
        return left.reason < right.reason
    }

    func encoded() -> [UInt8] {
        var writer = ProtobufWriter()
        writer.string(Field.reason, reason)
        writer.data(Field.recorderID, recorderID.bytes)
        writer.uint64(Field.sequence, sequence)
        writer.data(Field.bytes, bytes)
        return writer.bytes
    }
}
