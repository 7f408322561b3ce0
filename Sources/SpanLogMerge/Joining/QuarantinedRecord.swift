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

extension QuarantinedRecord {
    /// - Throws: ``FormatError`` if the bytes are no such entry.
    init(decoding bytes: [UInt8], _ range: Range<Int>) throws(FormatError) {
        var numbers: [Int: UInt64] = [:]
        var text = ""
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            if field.number == Field.reason {
                text = try reader.text(field.value)
            } else {
                numbers[field.number] = try reader.number(field.value)
            }
        }
        guard let number = UInt8(exactly: numbers[Field.reasonNumber] ?? 0),
            let reason = SetAsideReason(rawValue: number), reason.text == text,
            let block = UInt32(exactly: numbers[Field.block] ?? 0),
            let index = UInt32(exactly: numbers[Field.index] ?? 0)
        else { throw FormatError("a record is in quarantine for no reason that is known") }
        self.init(reason: reason, block: block, index: index)
    }
}
