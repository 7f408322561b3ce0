import SpanLogFormat

/// A record that can be in no trace: kept, with the reason, outside all of them.
struct QuarantinedRecord {
    let reason: SetAsideReason
    /// The number of the block, plus 1; 0 for what was open.
    let sequence: UInt64
    let index: UInt32
    let originID: [UInt8]
    let bytes: ArraySlice<UInt8>

    enum Field {
        static let reason = 1
        static let originID = 2
        static let sequence = 3
        static let bytes = 4
        static let index = 5
        static let reasonNumber = 6
    }

    func encode(into writer: inout ProtobufWriter) {
        writer.string(Field.reason, reason.text)
        writer.data(Field.originID, originID)
        writer.uint64(Field.sequence, sequence)
        writer.uint64(Field.index, UInt64(index))
        writer.uint64(Field.reasonNumber, UInt64(reason.rawValue))
        writer.data(Field.bytes, bytes)
    }
}
