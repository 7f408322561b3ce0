/// Reads the fields of one Protocol Buffers message, trusting none of its lengths.
package struct ProtobufReader {
    /// The bytes that hold the message and whatever surrounds it.
    package let bytes: [UInt8]
    /// Where the next field begins.
    package private(set) var position: Int
    private let end: Int

    /// A field of the message.
    package struct Field {
        package let number: Int
        package let value: Value
    }

    /// A field's value. Lengths are already checked: a range lies within the message.
    package enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case delimited(Range<Int>)
    }

    package init(_ bytes: [UInt8], _ range: Range<Int>? = nil) {
        self.bytes = bytes
        position = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
    }

    /// The next field, or `nil` after the last one.
    package mutating func next() throws(FormatError) -> Field? {
        guard position < end else { return nil }
        let tag = try varint()
        guard tag >> 3 > 0, tag >> 3 < 1 << 29 else {
            throw FormatError("a protobuf field has the impossible number \(tag >> 3)")
        }
        let number = Int(tag >> 3)
        switch ProtobufWireType(rawValue: UInt8(tag & 7)) {
        case .varint: return Field(number: number, value: .varint(try varint()))
        case .fixed64: return Field(number: number, value: .fixed64(try fixed()))
        case .fixed32: return Field(number: number, value: .fixed32(try fixed()))
        case .lengthDelimited:
            let length = try varint()
            guard length <= UInt64(end - position) else {
                throw FormatError("a protobuf field is longer than the message that holds it")
            }
            let range = position..<position + Int(length)
            position = range.upperBound
            return Field(number: number, value: .delimited(range))
        case nil:
            throw FormatError("a protobuf field has the unknown wire type \(tag & 7)")
        }
    }

    /// The next number of a packed list, or `nil` after the last one.
    package mutating func nextVarint() throws(FormatError) -> UInt64? {
        position < end ? try varint() : nil
    }

    private mutating func varint() throws(FormatError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < end else { throw FormatError("a protobuf number is cut off") }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw FormatError("a protobuf number has more than ten bytes")
    }

    private mutating func fixed<Number: FixedWidthInteger>() throws(FormatError) -> Number {
        let width = Number.bitWidth / 8
        guard end - position >= width else { throw FormatError("a protobuf number is cut off") }
        defer { position += width }
        return Number(littleEndianIn: bytes[position..<position + width], at: 0)
    }
}

extension ProtobufReader {
    /// The text of a length-delimited field. Bytes that are not UTF-8 become U+FFFD.
    package func text(_ value: Value) throws(FormatError) -> String {
        String(decoding: bytes[try range(value)], as: UTF8.self)
    }

    package func range(_ value: Value) throws(FormatError) -> Range<Int> {
        guard case .delimited(let range) = value else { throw wrongType() }
        return range
    }

    package func number(_ value: Value) throws(FormatError) -> UInt64 {
        switch value {
        case .varint(let number), .fixed64(let number): number
        case .fixed32(let number): UInt64(number)
        case .delimited: throw wrongType()
        }
    }

    private func wrongType() -> FormatError {
        FormatError("a protobuf field has another type than OTLP gives it")
    }
}
