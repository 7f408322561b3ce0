import CSpanLogZlib
import SpanLogImport

/// What gzip's members (RFC 1952) hold, one after the other.
final class GzipBytes: ByteSource {
    private let source: any ByteSource
    private var stream = z_stream()
    private var input: [UInt8] = []
    private var position = 0
    /// Whether the input so far ends where a member does.
    private var isAtMemberEnd = false

    init(_ source: any ByteSource) throws {
        self.source = source
        let opened = inflateInit2_(
            &stream, Self.gzipWindowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard opened == Z_OK else {
            throw CommandFailure("There is no memory left to decompress anything.")
        }
    }

    deinit {
        inflateEnd(&stream)
    }

    func next() throws -> [UInt8]? {
        while true {
            if position == input.count {
                guard let bytes = try source.next() else {
                    guard isAtMemberEnd else { throw SourceDamage("it is cut off") }
                    return nil
                }
                (input, position) = (bytes, 0)
            }
            if isAtMemberEnd {
                inflateReset(&stream)
                isAtMemberEnd = false
            }
            let output = try inflated()
            if !output.isEmpty { return output }
        }
    }

    /// Decompresses the rest of the input, or as much as goes into one piece.
    private func inflated() throws -> [UInt8] {
        var result = Z_OK
        let start = position
        let output = input.withUnsafeMutableBufferPointer { input in
            [UInt8](unsafeUninitializedCapacity: Self.pieceByteCount) { output, count in
                stream.next_in = input.baseAddress! + start
                stream.avail_in = UInt32(input.count - start)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                result = inflate(&stream, Z_NO_FLUSH)
                count = output.count - Int(stream.avail_out)
            }
        }
        position = input.count - Int(stream.avail_in)
        switch result {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: isAtMemberEnd = true
        default: throw SourceDamage("its compressed bytes are damaged")
        }
        return output
    }

    /// 16 more than the greatest window asks for gzip's header instead of zlib's.
    private static let gzipWindowBits = MAX_WBITS + 16
    private static let pieceByteCount = 1 << 18
}
