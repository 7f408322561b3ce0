/// Numbers in place.
enum WireNumber {
    /// The little-endian number of `count` bytes at `start`, which the compiler makes one load of for
    /// a `count` of 4 or 8: the bytes have been checked to be there before the first one is read.
    @inline(__always)
    static func uint64(_ bytes: Span<UInt8>, _ start: Int, count: Int = 8) -> UInt64 {
        let bytes = bytes.extracting(start..<start &+ count)
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[index]) &<< UInt64(8 &* index) }
        return value
    }

    @inline(__always)
    static func bigEndian(_ bytes: Span<UInt8>, _ start: Int) -> UInt64 {
        uint64(bytes, start).byteSwapped
    }
}
