import CSpanLogZstd
package import SpanLogFormat

/// A compressed payload as it stands in a file, trusted in nothing.
package enum ZstdFrame {
    /// The content of the one frame that `range` consists of.
    ///
    /// - Parameter byteCount: How long the content is by the word of a header that is within its
    ///   limits. Only this much is allocated.
    /// - Throws: ``FormatError`` if there is anything else than one frame of such a content.
    package static func content(
        of bytes: [UInt8], _ range: Range<Int>, byteCount: Int
    ) throws(FormatError) -> [UInt8] {
        let frame = bytes[range]
        guard unsafe frame.withUnsafeBytes(isSingleFrame(ofContent: UInt64(byteCount))) else {
            throw FormatError("the compressed payload is damaged or has another length")
        }
        var isWhole = false
        let content = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { output, count in
            let result = unsafe frame.withUnsafeBytes { input in
                // SAFETY: zstd checks the frame while it decompresses, reads `input.count` bytes at
                // most, and writes at most as many as `output` has room for.
                unsafe ZSTD_decompress(
                    output.baseAddress, output.count, input.baseAddress, input.count)
            }
            isWhole = ZSTD_isError(result) == 0 && result == byteCount
            count = isWhole ? byteCount : 0
        }
        guard isWhole else { throw FormatError("the compressed payload is damaged") }
        return content
    }

    /// Writes the content of a frame over the bytes of `range`, which it fills.
    ///
    /// - Throws: ``FormatError`` if it has another length, or is damaged; what the bytes are then is
    ///   not known.
    package static func decompress(
        _ frame: [UInt8], over bytes: inout [UInt8], _ range: Range<Int>
    ) throws(FormatError) {
        // Of a slice, the bytes would be copied out of the array and back.
        let isWhole = unsafe bytes.withUnsafeMutableBytes { bytes in
            let output = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[range])
            return unsafe frame.withUnsafeBytes { input in
                // SAFETY: zstd reads `input.count` bytes at most, and writes `output.count`, which lie
                // within the array since its buffer was sliced with a check.
                unsafe ZSTD_decompress(
                    output.baseAddress, output.count, input.baseAddress, input.count)
                    == output.count
            }
        }
        guard isWhole else { throw FormatError("the compressed bytes are damaged") }
    }

    private static func isSingleFrame(
        ofContent byteCount: UInt64
    ) -> (UnsafeRawBufferPointer) -> Bool {
        { frame in
            // SAFETY: both functions read within the `count` bytes that they are given. What they
            // return for damage, and for a frame that does not tell its length, is no such length.
            unsafe ZSTD_getFrameContentSize(frame.baseAddress, frame.count) == byteCount
                && ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count) == frame.count
        }
    }
}
