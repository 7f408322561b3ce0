import SpanLogFormat

extension ProtobufWriter {
    /// Begins a message of any length that need not be moved: its length takes five bytes,
    /// whatever it is, which Protocol Buffers allow.
    ///
    /// - Returns: What ``endMessage(_:)`` wants to hear.
    @inline(__always)
    mutating func beginMessage(_ field: Int) -> Int {
        tag(field, .lengthDelimited)
        bytes += [0, 0, 0, 0, 0]
        return bytes.count
    }

    /// Ends the message whose content begins at `start`.
    @inline(__always)
    mutating func endMessage(_ start: Int) {
        var rest = bytes.count - start
        var span = bytes.mutableSpan
        for index in start - Self.lengthByteCount..<start {
            let more: UInt8 = index < start - 1 ? 0x80 : 0
            span[index] = UInt8(truncatingIfNeeded: rest & 0x7F) | more
            rest >>= 7
        }
    }

    /// Appends a field whose content is part of an array.
    ///
    /// The general one of SpanLogFormat is not specialised across modules, and five times slower.
    @inline(__always)
    mutating func field(_ field: Int, _ content: ArraySlice<UInt8>) {
        tag(field, .lengthDelimited)
        varint(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    @inline(__always)
    mutating func field(_ field: Int, _ content: [UInt8]) {
        tag(field, .lengthDelimited)
        varint(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    @inline(__always)
    mutating func field(_ field: Int, _ id: TraceID) {
        tag(field, .lengthDelimited)
        bytes.append(UInt8(TraceID.byteCount))
        bigEndian(id.high)
        bigEndian(id.low)
    }

    @inline(__always)
    private mutating func bigEndian(_ number: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
    }

    private static var lengthByteCount: Int { 5 }
}
