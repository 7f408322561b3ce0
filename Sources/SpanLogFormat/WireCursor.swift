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
        // Checking against the message's end is checking against the end of these bytes.
        let bytes = bytes.extracting(first: end)
        guard position < bytes.count else { return nil }
        // What most fields are: delimited, with a tag and a length of a byte each, or a time. More
        // of them here, and the compiler no longer inlines this.
        let (tag, start) = (bytes[position], position &+ 2)
        if tag & 0x87 == 2, tag > 7, start <= bytes.count {
            let length = bytes[start &- 1]
            if length < 0x80, Int(length) <= bytes.count &- start {
                position = start &+ Int(length)
                return Field(
                    number: Int(tag &>> 3), isDelimited: true, value: UInt64(length), start: start)
            }
        }
        if tag & 0x87 == 1, tag > 7, bytes.count &- start >= 7 {
            let value = WireNumber.uint64(bytes, start &- 1)
            position = start &+ 7
            return Field(
                number: Int(tag &>> 3), isDelimited: false, value: value, start: position)
        }
        return try any(bytes)
    }

    /// The field that begins at ``position``.
    @inline(never)
    private mutating func any(_ bytes: Span<UInt8>) throws(SpanDefect) -> Field {
        let tag = try varint(bytes)
        let number = Int(truncatingIfNeeded: tag >> 3)
        guard number > 0, number < 1 << 29 else { throw .undecodable }
        // Masks rather than a `switch`, whose jump is predicted badly.
        let type = tag & 7
        if type & 5 == 0 {
            let value = try varint(bytes)
            let start = position
            guard type == 2 else {
                return Field(number: number, isDelimited: false, value: value, start: start)
            }
            guard value <= UInt64(bytes.count - position) else { throw .undecodable }
            position += Int(truncatingIfNeeded: value)
            return Field(number: number, isDelimited: true, value: value, start: start)
        }
        guard type & 3 == 1 else { throw .undecodable }
        let value = type == 1 ? try fixed64(bytes) : try fixed32(bytes)
        return Field(number: number, isDelimited: false, value: value, start: position)
    }

    /// The byte in front of the length of a field that is delimited and has a `number` below 16.
    @inline(__always)
    static func delimitedTag(_ number: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: number << 3) | 2
    }

    @inline(__always)
    private mutating func varint(_ bytes: Span<UInt8>) throws(SpanDefect) -> UInt64 {
        guard position < bytes.count else { throw .undecodable }
        let byte = bytes[position]
        position += 1
        guard byte >= 0x80 else { return UInt64(byte) }
        // Most lengths and codes that take more than a byte take two.
        if position < bytes.count, bytes[position] < 0x80 {
            defer { position += 1 }
            return UInt64(byte & 0x7F) | UInt64(bytes[position]) << 7
        }
        return try longVarint(bytes, UInt64(byte & 0x7F))
    }

    @inline(never)
    private mutating func longVarint(
        _ bytes: Span<UInt8>, _ first: UInt64
    ) throws(SpanDefect) -> UInt64 {
        var value = first
        var shift: UInt64 = 7
        while shift < 70 {
            guard position < bytes.count else { throw .undecodable }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw .undecodable
    }

    @inline(__always)
    private mutating func fixed64(_ bytes: Span<UInt8>) throws(SpanDefect) -> UInt64 {
        guard bytes.count - position >= 8 else { throw .undecodable }
        defer { position += 8 }
        return WireNumber.uint64(bytes, position)
    }

    @inline(__always)
    private mutating func fixed32(_ bytes: Span<UInt8>) throws(SpanDefect) -> UInt64 {
        guard bytes.count - position >= 4 else { throw .undecodable }
        defer { position += 4 }
        return WireNumber.uint64(bytes, position, count: 4)
    }
}
