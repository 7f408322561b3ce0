import SpanLogFormat

extension Store {
    /// What the blocks hold once they are decompressed, roughly: by the sizes of the files, and a few
    /// headers of each segment.
    ///
    /// - Complexity: O(*n*) in the number of files.
    package var contentByteCount: UInt64 {
        let segments = segmentPaths.reduce(UInt64(0)) { $0 &+ Self.contentByteCount(ofSegment: $1) }
        let others = (spoolPaths + blockPaths).reduce(UInt64(0)) { sum, path in
            sum &+ ((try? FileSystem.status(of: path))??.byteCount ?? 0)
        }
        return segments &+ others
    }

    private static func contentByteCount(ofSegment path: String) -> UInt64 {
        guard let file = try? ReadOnlyFile(path), let byteCount = try? file.byteCount() else {
            return 0
        }
        return UInt64(min(Double(byteCount) * payloadShare(in: file), 0x1p62))
    }

    /// How many bytes of payload there are to a byte of a segment, by its first and last blocks.
    private static func payloadShare(in file: ReadOnlyFile) -> Double {
        var (stored, payload) = (0.0, 0.0)
        for isReversed in [false, true] {
            var left = sampleCount
            // What is damaged is no reason to know nothing: the rest of the samples count.
            try? LMDBFile(file).table(SegmentWriter.table)?.forEachEntry(isReversed: isReversed) {
                let bytes = try file.bytes(at: $0.valueOffset, count: BlockHeader.byteCount)
                let header = try BlockHeader(decoding: bytes[...])
                stored += Double($0.valueByteCount)
                payload += Double(header.payloadByteCount)
                left -= 1
                return left > 0
            }
        }
        return stored > 0 ? min(payload / stored, payloadShareMax) : 1
    }

    private static let sampleCount = 8
    /// No checksum is looked at here, and spans do not compress any better.
    private static let payloadShareMax = 64.0
}
