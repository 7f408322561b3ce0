import SpanLogFormat

/// A record that can be in no trace: where it is, and why.
struct QuarantinedRecord {
    let reason: SetAsideReason
    let block: UInt32
    let index: UInt32

    private enum Field {
        static let reason = 1
        static let reasonNumber = 2
        static let block = 3
        static let index = 4
    }

    func encode(into writer: inout ProtobufWriter) {
        writer.string(Field.reason, reason.text)
        writer.uint64(Field.reasonNumber, UInt64(reason.rawValue))
        writer.uint64(Field.block, UInt64(block))
        writer.uint64(Field.index, UInt64(index))
    }
}
