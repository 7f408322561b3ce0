public import SpanLogFormat

/// A checked block: its header and its payload, a serialized OTLP `TracesData`.
public struct Block: Sendable {
    /// What the writer said about the block.
    public let header: BlockHeader
    /// What holds the payload: the stored value, or its content if it was compressed.
    package let bytes: [UInt8]
    /// Where the payload stands in ``bytes``.
    package let payload: Range<Int>
    /// Whether these are spans that were open when their recorder was last alive. They have no
    /// place among its blocks, and a sequence number that means nothing.
    package let holdsOpenSpans: Bool
    /// The checksum that the block is stored under: equal for a copy of the same value. `nil` if it
    /// comes from a spool.
    let storedChecksum: UInt64?

    /// Checks a stored value and takes it apart.
    ///
    /// - Parameter key: The key that the value stands under: the block's number, or its recorder
    ///   and its number.
    /// - Throws: ``FormatError`` if the value is no block, the checksum does not match, or the
    ///   block says that it belongs elsewhere.
    package init(
        checking bytes: [UInt8], key: [UInt8], holdsOpenSpans: Bool = false
    ) throws(FormatError) {
        let (header, stored) = try Self.check(bytes, key: key)
        self.header = header
        self.holdsOpenSpans = holdsOpenSpans
        storedChecksum = UInt64(
            littleEndianIn: bytes, at: BlockHeader.checksumRange.lowerBound)
        switch header.codec {
        case .none:
            self.bytes = bytes
            payload = stored
        case .zstd:
            self.bytes = try ZstdFrame.content(
                of: bytes, stored, byteCount: Int(header.payloadByteCount))
            payload = 0..<self.bytes.count
        }
    }

    /// As ``init(checking:key:holdsOpenSpans:)``, of a value of an archive, whose key is a number that
    /// means nothing, and where the block's own number says that it holds open spans.
    package init(archived bytes: [UInt8]) throws(FormatError) {
        let header = try BlockHeader(decoding: bytes[...])
        try self.init(
            checking: bytes, key: header.sequence.bigEndianBytes,
            holdsOpenSpans: header.sequence == .max)
    }

    /// As ``init(checking:key:holdsOpenSpans:)``, but looks into nothing behind the header.
    ///
    /// - Returns: The header, and where the payload stands as it is stored.
    static func check(
        _ bytes: [UInt8], key: [UInt8]
    ) throws(FormatError) -> (header: BlockHeader, stored: Range<Int>) {
        let header = try BlockHeader(decoding: bytes[...])
        let end = UInt64(BlockHeader.byteCount) + header.storedByteCount
        guard end <= UInt64(bytes.count) else {
            throw FormatError("the block is cut off")
        }
        let checksum = UInt64(littleEndianIn: bytes, at: BlockHeader.checksumRange.lowerBound)
        let range = BlockHeader.checksumRange.upperBound..<Int(end)
        guard Checksum.xxh3(bytes, range) == checksum else {
            throw FormatError("the block's checksum does not match its bytes")
        }
        let sequence = header.sequence.bigEndianBytes
        guard key == sequence || key == header.recorderID.bytes + sequence else {
            throw FormatError("the block stands under another block's key")
        }
        return (header, BlockHeader.byteCount..<Int(end))
    }
}

extension Block {
    /// What a spool still held, as the block that it would have become.
    init(
        recovered header: BlockHeader, prefix: [UInt8], entries: [UInt8], holdsOpenSpans: Bool
    ) {
        self.header = header
        self.holdsOpenSpans = holdsOpenSpans
        storedChecksum = nil
        bytes = prefix + entries
        payload = 0..<bytes.count
    }

    /// The bytes of the header and of the payload as it is stored.
    var storedByteCount: UInt64 { UInt64(BlockHeader.byteCount) + header.storedByteCount }

    /// XXH3-64 of the payload alone: equal for a block that was written again under other clocks.
    ///
    /// - Complexity: O(*n*) in the bytes of the payload.
    package var payloadChecksum: UInt64 { Checksum.xxh3(bytes, payload) }

    /// The value to store for `header` and the parts of its payload, which are joined.
    ///
    /// It is padded with zeros to k·4096 − 16 bytes, which is what k of LMDB's overflow pages
    /// hold: nothing is wasted, and each block begins 16 bytes into a page of its own, where it
    /// can be found even if the tree above it is lost.
    package static func sealed(
        _ header: BlockHeader, payload parts: [some Collection<UInt8>]
    ) -> [UInt8] {
        let payloadByteCount = parts.reduce(0) { $0 + $1.count }
        let end = BlockHeader.byteCount + payloadByteCount
        let count = sealedByteCount(ofPayload: payloadByteCount)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        bytes += header.encoded()
        for part in parts { bytes += part }
        let checksum = Checksum.xxh3(bytes, BlockHeader.checksumRange.upperBound..<end)
        bytes.replaceSubrange(BlockHeader.checksumRange, with: checksum.littleEndianBytes)
        bytes += repeatElement(0, count: count - end)
        return bytes
    }

    /// The value to store for a block that is in no segment yet, or is to be stored in another way.
    ///
    /// - Parameter compressor: `nil` to store the payload as it is.
    package func sealed(with compressor: inout BlockCompressor?) -> [UInt8] {
        var header = header
        header.codec = .none
        header.payloadByteCount = UInt64(payload.count)
        header.storedByteCount = header.payloadByteCount
        if holdsOpenSpans { header.sequence = .max }
        let value = Self.sealed(header, payload: [bytes[payload]])
        return compressor?.compressed(value) ?? value
    }

    /// A stored value with whole pages and zeros behind the block, which one that was carved may lack.
    package static func padded(_ value: [UInt8], _ header: BlockHeader) -> [UInt8] {
        let count = sealedByteCount(ofPayload: Int(header.storedByteCount))
        guard value.count != count else { return value }
        let block = value.prefix(BlockHeader.byteCount + Int(header.storedByteCount))
        return Array(block) + repeatElement(0, count: count - block.count)
    }

    /// The bytes of the value for a payload that takes `count` bytes.
    static func sealedByteCount(ofPayload count: Int) -> Int {
        let end = BlockHeader.byteCount + count
        let pages = (end + pageHeaderByteCount + pageByteCount - 1) / pageByteCount
        return pages * pageByteCount - pageHeaderByteCount
    }

    private static let pageByteCount = 4096
    private static let pageHeaderByteCount = 16
}
