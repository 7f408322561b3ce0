/// Compares text in place with literals.
enum WireText {
    /// A literal of up to eight bytes as the number that ``WireNumber/uint64(_:_:count:)`` reads.
    ///
    /// The compiler makes a constant of it, where an array would have to be held, counted and read
    /// byte by byte.
    @inline(__always)
    static func number(_ text: String) -> UInt64 {
        var (number, shift) = (UInt64(0), UInt64(0))
        for byte in text.utf8 {
            number |= UInt64(byte) << shift
            shift += 8
        }
        return number
    }

    /// Whether `range` of `bytes` is `text`, where that is seldom asked for a range of that length.
    @inline(__always)
    static func equals(_ text: String, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        range.count == text.utf8.count && isPrefix(text, bytes.extracting(range))
    }

    @inline(never)
    private static func isPrefix(_ text: String, _ bytes: Span<UInt8>) -> Bool {
        for (index, byte) in text.utf8.enumerated() where bytes[index] != byte { return false }
        return true
    }

    /// Whether all of `text` is ASCII.
    static func isASCII(_ text: Span<UInt8>) -> Bool {
        var bits: UInt8 = 0
        for index in text.indices { bits |= text[index] }
        return bits < 0x80
    }
}
