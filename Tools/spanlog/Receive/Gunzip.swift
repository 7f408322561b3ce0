import CSpanLogZlib

/// Decompresses bodies of requests, whose bytes nobody vouches for.
enum Gunzip {
    /// Why a body is refused.
    enum Failure: Error {
        case malformed
        case tooLarge
        case noMemory
    }

    /// The content of `bytes`, one or more members of the gzip format (RFC 1952).
    ///
    /// - Parameters:
    ///   - byteCountMax: The most bytes of the content.
    ///   - take: Says whether there is memory for so many bytes more.
    static func decompressed(
        _ bytes: [UInt8], byteCountMax: Int, take: (Int) -> Bool
    ) throws(Failure) -> [UInt8] {
        var stream = z_stream()
        let opened = inflateInit2_(
            &stream, gzipWindowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard opened == Z_OK else { throw .noMemory }
        defer { inflateEnd(&stream) }

        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: chunkByteCount)
        var position = 0
        while true {
            let (code, read, written) = step(&stream, bytes, position, &chunk)
            position += read
            guard code == Z_OK || code == Z_STREAM_END else { throw .malformed }
            try check(content.count + written, of: position, byteCountMax)
            guard take(written) else { throw .noMemory }
            content += chunk[..<written]
            if code == Z_STREAM_END {
                if position == bytes.count { return content }
                inflateReset(&stream)
            } else if read == 0, written == 0 {
                throw .malformed
            }
        }
    }

    /// What decompresses to far more than spans do is there to fill the memory.
    private static func check(
        _ count: Int, of compressedCount: Int, _ byteCountMax: Int
    ) throws(Failure) {
        let isPlausible =
            count <= ReceiveLimits.ratioFreeByteCount
            || count / ReceiveLimits.compressionRatioMax <= compressedCount
        guard count <= byteCountMax, isPlausible else { throw .tooLarge }
    }

    private static func step(
        _ stream: inout z_stream, _ input: [UInt8], _ position: Int, _ output: inout [UInt8]
    ) -> (code: Int32, read: Int, written: Int) {
        input.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                let count = min(input.count - position, chunkByteCount)
                // zlib's header leaves a `const` out; it writes to its output alone.
                stream.next_in = input.baseAddress.map {
                    UnsafeMutablePointer(mutating: $0 + position)
                }
                stream.avail_in = UInt32(count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                let code = inflate(&stream, Z_NO_FLUSH)
                return (
                    code, count - Int(stream.avail_in), output.count - Int(stream.avail_out)
                )
            }
        }
    }

    private static let gzipWindowBits = MAX_WBITS + 16
    private static let chunkByteCount = 256 << 10
}
