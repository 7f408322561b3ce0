import CSpanLogXXHash

/// XXH3-64, the checksum of blocks: <https://github.com/Cyan4973/xxHash>.
package enum Checksum {
    /// The checksum of `bytes` within `range`.
    ///
    /// - Complexity: O(*n*) in the number of bytes.
    package static func xxh3(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64 {
        unsafe bytes[range].withUnsafeBytes { buffer in
            // SAFETY: the function reads exactly `count` bytes and keeps no pointer.
            unsafe spanlog_xxh3_64(buffer.baseAddress, buffer.count)
        }
    }

    /// XXH3-128 of `bytes` within `range`: what tells contents apart.
    ///
    /// - Parameter seed: Nobody makes up bytes with a hash whose seed is not known.
    ///
    /// - Complexity: O(*n*) in the number of bytes.
    package static func xxh128(
        _ bytes: [UInt8], _ range: Range<Int>, seed: UInt64 = 0
    ) -> UInt128 {
        unsafe bytes[range].withUnsafeBytes { unsafe xxh128($0, seed: seed) }
    }

    /// XXH3-128 of numbers, which are hashed as they lie in memory: little-endian. It tells the contents of
    /// archives apart.
    ///
    /// - Complexity: O(*n*) in the number of numbers.
    package static func xxh128(_ numbers: [UInt64]) -> UInt128 {
        unsafe numbers.withUnsafeBytes { unsafe xxh128($0, seed: 0) }
    }

    @unsafe
    private static func xxh128(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt128 {
        // SAFETY: the function reads exactly `count` bytes and keeps no pointer.
        let hash = unsafe spanlog_xxh3_128(bytes.baseAddress, bytes.count, seed)
        return UInt128(hash.high64) << 64 | UInt128(hash.low64)
    }

    /// The checksum of a spool's entry: the low half of XXH3, under the sequence of its chunk, so
    /// that what an earlier use of the chunk left behind does not pass for new.
    @unsafe
    static func ofEntry(_ bytes: UnsafeRawBufferPointer, sequence: UInt64) -> UInt32 {
        // SAFETY: the function reads exactly `count` bytes and keeps no pointer.
        let hash = unsafe spanlog_xxh3_64(bytes.baseAddress, bytes.count)
        return UInt32(truncatingIfNeeded: hash ^ sequence &* 0x9E37_79B9_7F4A_7C15)
    }

    /// As the other, of the bytes within `range`.
    static func ofEntry(_ bytes: [UInt8], _ range: Range<Int>, sequence: UInt64) -> UInt32 {
        unsafe bytes[range].withUnsafeBytes { unsafe ofEntry($0, sequence: sequence) }
    }
}
