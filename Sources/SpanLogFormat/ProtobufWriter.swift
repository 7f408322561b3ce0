/// Appends Protocol Buffers fields to a growing array of bytes.
///
/// It knows the wire format, not OTLP: which field means what stands where records are encoded.
package struct ProtobufWriter {
    package var bytes: [UInt8]

    package init(reserving capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    @inlinable
    package mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    @inlinable
    package mutating func tag(_ field: Int, _ type: ProtobufWireType) {
        varint(UInt64(field) << 3 | UInt64(type.rawValue))
    }

    package mutating func uint64(_ field: Int, _ value: UInt64) {
        tag(field, .varint)
        varint(value)
    }

    package mutating func fixed64(_ field: Int, _ value: UInt64) {
        tag(field, .fixed64)
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    package mutating func fixed32(_ field: Int, _ value: UInt32) {
        tag(field, .fixed32)
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    package mutating func string(_ field: Int, _ value: String) {
        tag(field, .lengthDelimited)
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    package mutating func data(_ field: Int, _ value: some Collection<UInt8>) {
        tag(field, .lengthDelimited)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// Appends a message whose length is known only once `body` has written it.
    ///
    /// - Complexity: O(*n*) in the message, moved once more if it is longer than 127 bytes.
    package mutating func message(_ field: Int, _ body: (inout ProtobufWriter) throws -> Void)
        rethrows
    {
        let start = begin(field)
        try body(&self)
        end(start)
    }

    /// Begins a delimited field whose bytes are appended next.
    ///
    /// - Returns: Where they start, for ``end(_:)``.
    package mutating func begin(_ field: Int) -> Int {
        tag(field, .lengthDelimited)
        bytes.append(0)
        return bytes.count
    }

    /// Ends the innermost field that ``begin(_:)`` began.
    package mutating func end(_ start: Int) {
        let length = bytes.count - start
        if length < 0x80 {
            bytes[start - 1] = UInt8(length)
        } else {
            var prefix = ProtobufWriter()
            prefix.varint(UInt64(length))
            bytes.replaceSubrange(start - 1..<start, with: prefix.bytes)
        }
    }

    /// Brings the fields from `start` to the end into the order of their numbers, which every writer
    /// of Protocol Buffers has, so that equal messages have equal bytes. Those of one number stay in
    /// their order.
    ///
    /// - Precondition: Whole fields stand there.
    package mutating func sortFields(from start: Int) {
        var fields: [(number: Int, range: Range<Int>)] = []
        var cursor = WireCursor(start..<bytes.count)
        var position = start
        while let field = try? cursor.next(bytes.span) {
            fields.append((field.number, position..<cursor.position))
            position = cursor.position
        }
        fields.sort { ($0.number, $0.range.lowerBound) < ($1.number, $1.range.lowerBound) }
        bytes.replaceSubrange(start..., with: fields.flatMap { bytes[$0.range] })
    }

    /// The number of bytes that ``varint(_:)`` appends for `value`.
    package static func varintByteCount(_ value: UInt64) -> Int {
        (70 - (value | 1).leadingZeroBitCount) / 7
    }
}

/// How a field's value is spelled on the wire.
package enum ProtobufWireType: UInt8 {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
}
