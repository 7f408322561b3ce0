/// Walks over the fields of Protocol Buffers messages, trusting none of their lengths, without
/// copying or keeping anything: ``ProtobufReader`` is for those who decode.
struct WireCursor {
    /// Where the next field begins.
    private(set) var position: Int
    private let end: Int

    /// A field of a message.
    struct Field {
        let number: Int
        /// Whether the value is delimited, so that ``range`` holds it; it is a number otherwise.
        let isDelimited: Bool
        let value: UInt64
        let start: Int

        /// The number, if it is one.
        @inline(__always)
        var number64: UInt64 {
            get throws(SpanDefect) {
                if isDelimited { throw .undecodable }
                return value
            }
        }

        /// The bytes of the value, if it is delimited; they lie within the message.
        @inline(__always)
        var range: Range<Int> {
            get throws(SpanDefect) {
                guard isDelimited else { throw .undecodable }
                return start..<start + Int(truncatingIfNeeded: value)
            }
        }
    }

    @inline(__always)
    init(_ range: Range<Int>) {
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next field, or `nil` after the last one.
    @inline(__always)
    mutating func next(_ bytes: Span<UInt8>) throws(SpanDefect) -> Field? {
        guard position < end else { return nil }
        let tag = try varint(bytes)
        guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw .undecodable }
        let number = Int(truncatingIfNeeded: tag >> 3)
        switch tag & 7 {
        case 0:
            return Field(
                number: number, isDelimited: false, value: try varint(bytes), start: position)
        case 1:
            return Field(
                number: number, isDelimited: false, value: try fixed(bytes, 8), start: position)
        case 2:
            let length = try varint(bytes)
            guard length <= UInt64(end - position) else { throw .undecodable }
            let start = position
            position += Int(truncatingIfNeeded: length)
            return Field(number: number, isDelimited: true, value: length, start: start)
        case 5:
            return Field(
                number: number, isDelimited: false, value: try fixed(bytes, 4), start: position)
        default: throw .undecodable
        }
    }

    @inline(__always)
    private mutating func varint(_ bytes: Span<UInt8>) throws(SpanDefect) -> UInt64 {
        guard position < end else { throw .undecodable }
        let byte = bytes[position]
        position += 1
        return byte < 0x80 ? UInt64(byte) : try longVarint(bytes, UInt64(byte & 0x7F))
    }

    private mutating func longVarint(
        _ bytes: Span<UInt8>, _ first: UInt64
    ) throws(SpanDefect) -> UInt64 {
        var value = first
        var shift: UInt64 = 7
        while shift < 70 {
            guard position < end else { throw .undecodable }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw .undecodable
    }

    @inline(__always)
    private mutating func fixed(
        _ bytes: Span<UInt8>, _ count: Int
    ) throws(SpanDefect) -> UInt64 {
        guard end - position >= count else { throw .undecodable }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
        position += count
        return value
    }
}
