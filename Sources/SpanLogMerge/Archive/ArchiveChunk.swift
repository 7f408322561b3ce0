import SpanLogFormat
import SpanLogStore

/// A value of an archive: a header with a checksum, a payload, and zeros up to what LMDB keeps on
/// whole pages.
///
/// Many traces share a value, so that a tree stays small, compression pays, and no page is half
/// empty.
enum ArchiveChunk {
    static let magic = ArchiveFile.chunkMagic
    static let headerByteCount = 40
    /// A payload longer than this is refused when reading.
    static let payloadByteCountMax: UInt64 = 1 << 32

    /// How a payload is stored.
    enum Codec: UInt8 {
        case none = 0
        /// One Zstandard frame, which says how long its content is.
        case zstd = 1
    }

    /// Room for a header, to be followed by a payload and ``seal(_:)``.
    static func begin() -> [UInt8] {
        Array(repeating: 0, count: headerByteCount)
    }

    /// Fills in the header in front of the payload, which is compressed where that saves pages, and
    /// pads the value.
    static func seal(_ value: inout [UInt8]) {
        value = sealed(value, with: ChunkCompressor())
    }

    /// As ``seal(_:)``, with buffers that are there already.
    static func sealed(_ value: [UInt8], with compressor: ChunkCompressor) -> [UInt8] {
        let payload = headerByteCount..<value.count
        let sealed = compressor.compressed(value, payload) { frame in
            paddedByteCount(frame.count) < paddedByteCount(payload.count)
                && isPlausible(stored: UInt64(frame.count), payload: UInt64(payload.count))
                ? sealedValue(frame, .zstd, payloadByteCount: payload.count) : nil
        }
        return sealed ?? sealedValue(value[payload], .none, payloadByteCount: payload.count)
    }

    private static func sealedValue(
        _ stored: ArraySlice<UInt8>, _ codec: Codec, payloadByteCount: Int
    ) -> [UInt8] {
        var value: [UInt8] = []
        value.reserveCapacity(paddedByteCount(stored.count))
        value += magic + UInt64(0).littleEndianBytes
        value += [codec.rawValue, 0, 0, 0] + UInt32(headerByteCount).littleEndianBytes
        value += UInt64(stored.count).littleEndianBytes
        value += UInt64(payloadByteCount).littleEndianBytes
        value += stored
        let checksum = Checksum.xxh3(value, 16..<value.count)
        value.replaceSubrange(8..<16, with: checksum.littleEndianBytes)
        value += repeatElement(0, count: paddedByteCount(stored.count) - value.count)
        return value
    }

    /// The bytes of the value for a payload that takes `count` bytes.
    private static func paddedByteCount(_ count: Int) -> Int {
        let end = headerByteCount + count
        let pages = (end + pageHeaderByteCount + pageByteCount - 1) / pageByteCount
        return pages * pageByteCount - pageHeaderByteCount
    }

    /// Whether a payload may have these lengths if it is compressed: a small forged file must not
    /// fill the memory.
    private static func isPlausible(stored: UInt64, payload: UInt64) -> Bool {
        BlockHeader.isPlausible(stored: stored, payload: payload)
    }

    /// The payload of a value, once it is decompressed, and where it stands in the bytes.
    ///
    /// - Throws: ``FormatError`` if the value is no chunk or not as it was written.
    static func content(of value: [UInt8]) throws(FormatError) -> Content {
        let (codec, stored, byteCount) = try lengths(of: value)
        guard
            Checksum.xxh3(value, 16..<stored.upperBound) == UInt64(littleEndianIn: value, at: 8)
        else { throw FormatError("a chunk's checksum does not match its bytes") }
        switch codec {
        case .none: return Content(bytes: value, payload: stored)
        case .zstd:
            let bytes = try ZstdFrame.content(of: value, stored, byteCount: byteCount)
            return Content(bytes: bytes, payload: bytes.indices)
        }
    }

    /// A payload within bytes.
    struct Content {
        let bytes: [UInt8]
        let payload: Range<Int>
    }

    private static func lengths(
        of value: [UInt8]
    ) throws(FormatError) -> (Codec, stored: Range<Int>, byteCount: Int) {
        guard value.count >= headerByteCount, value.starts(with: magic) else {
            throw FormatError("a value is no chunk: it does not begin as one")
        }
        guard let codec = Codec(rawValue: value[16]) else {
            throw FormatError("a chunk is compressed by an unknown codec")
        }
        let (stored, byteCount) = (
            UInt64(littleEndianIn: value, at: 24), UInt64(littleEndianIn: value, at: 32)
        )
        guard UInt32(littleEndianIn: value, at: 20) == UInt32(headerByteCount),
            stored <= UInt64(value.count - headerByteCount)
        else { throw FormatError("a chunk is cut off") }
        guard byteCount <= payloadByteCountMax,
            codec == .none
                ? stored == byteCount : isPlausible(stored: stored, payload: byteCount)
        else { throw FormatError("a chunk's two lengths contradict each other") }
        return (codec, headerByteCount..<headerByteCount + Int(stored), Int(byteCount))
    }

    private static let pageByteCount = 4096
    private static let pageHeaderByteCount = 16
}
