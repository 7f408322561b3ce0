import SpanLogFormat

/// Makes sealed blocks smaller, where that saves pages.
///
/// On the writer's own thread alone: a thread that ends a span never compresses.
package struct BlockCompressor: ~Copyable {
    private var compressor: ZstdCompressor

    /// `nil` if there is no memory for it; blocks are then stored as they are.
    package init?() {
        guard let compressor = ZstdCompressor() else { return nil }
        self.compressor = compressor
    }

    /// The same block with its payload compressed, or `block` itself if that takes no fewer pages.
    package mutating func compressed(_ block: [UInt8]) -> [UInt8] {
        guard var header = try? BlockHeader(decoding: block[...]), header.codec == .none else {
            return block
        }
        let payload = BlockHeader.byteCount..<BlockHeader.byteCount + Int(header.storedByteCount)
        defer { compressor.trim(to: Self.keptByteCountMax) }
        guard payload.upperBound <= block.count,
            let frame = compressor.compress(block, payload),
            Block.sealedByteCount(ofPayload: frame.count) < block.count,
            BlockHeader.isPlausible(stored: UInt64(frame.count), payload: header.payloadByteCount)
        else { return block }
        header.codec = .zstd
        header.storedByteCount = UInt64(frame.count)
        return Block.sealed(header, payload: [frame])
    }

    private static let keptByteCountMax = 8 << 20
}
