/// Compares text in place with literals.
enum WireText {
    /// A literal of eight bytes as the number that ``WireNumber/uint64(_:_:)`` reads.
    ///
    /// The compiler makes a constant of it, where an array would have to be held, counted and read
    /// byte by byte.
    @inline(__always)
    static func number(_ text: String) -> UInt64 {
        var number: UInt64 = 0
        for byte in text.utf8 { number = number >> 8 | UInt64(byte) << 56 }
        return number
    }

    /// Whether all of `text` is ASCII.
    static func isASCII(_ text: Span<UInt8>) -> Bool {
        var bits: UInt8 = 0
        for index in text.indices { bits |= text[index] }
        return bits < 0x80
    }
}
