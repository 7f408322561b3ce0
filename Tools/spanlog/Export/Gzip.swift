import CSpanLogZlib

/// Compresses bodies of requests.
enum Gzip {
    /// `bytes` in the gzip format (RFC 1952), or `nil` if zlib has no memory left.
    ///
    /// The fastest level: names of attributes repeat so often that a better one saves little.
    static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        let opened = deflateInit2_(
            &stream, Z_BEST_SPEED, Z_DEFLATED, gzipWindowBits, memoryLevel, Z_DEFAULT_STRATEGY,
            ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard opened == Z_OK else { return nil }
        defer { deflateEnd(&stream) }

        let bound = Int(deflateBound(&stream, UInt(bytes.count)))
        var input = bytes
        return input.withUnsafeMutableBufferPointer { input in
            [UInt8](unsafeUninitializedCapacity: bound) { output, count in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(bound)
                count = deflate(&stream, Z_FINISH) == Z_STREAM_END ? Int(stream.total_out) : 0
            }
        }
    }

    /// 16 more than the greatest window asks for gzip's header instead of zlib's.
    private static let gzipWindowBits = MAX_WBITS + 16
    /// What zlib itself takes where nothing else is asked for.
    private static let memoryLevel: Int32 = 8
}
