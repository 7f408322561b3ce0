import SpanLogFormat

/// A record that is no valid span: kept, with the reason, outside all traces.
struct QuarantinedRecord: Sendable {
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

    func encoded() -> [UInt8] {
        var writer = ProtobufWriter()
        writer.string(Field.reason, reason)
        writer.data(Field.recorderID, recorderID.bytes)
        writer.uint64(Field.sequence, sequence)
        writer.data(Field.bytes, bytes)
        return writer.bytes
    }
}
