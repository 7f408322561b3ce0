import CSpanLogXXHash

/// XXH3-64, the checksum of blocks: <https://github.com/Cyan4973/xxHash>.
enum Checksum {
    /// The checksum of `bytes` within `range`.
    ///
    /// - Complexity: O(*n*) in the number of bytes.
    static func xxh3(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64 {
        unsafe bytes[range].withUnsafeBytes { buffer in
            // SAFETY: the function reads exactly `count` bytes and keeps no pointer.
            unsafe spanlog_xxh3_64(buffer.baseAddress, buffer.count)
        }
    }
}
