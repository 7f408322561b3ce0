import SpanLogFormat

extension Store {
    /// How many spans the store holds, roughly: by the sizes of the files, and a few headers of each
    /// segment.
    ///
    /// - Complexity: O(*n*) in the number of files.
    package var estimatedSpanCount: UInt64 {
        let segments = segmentPaths.reduce(UInt64(0)) { $0 &+ Self.spanCount(ofSegment: $1) }
        let others = (spoolPaths + blockPaths).reduce(UInt64(0)) { sum, path in
            sum &+ ((try? FileSystem.status(of: path))??.byteCount ?? 0) / Self.usualSpanByteCount
        }
        return segments &+ others
    }

    private static func spanCount(ofSegment path: String) -> UInt64 {
        guard let file = try? ReadOnlyFile(path), let byteCount = try? file.byteCount() else {
            return 0
        }
        return UInt64(min(Double(byteCount) * spansPerByte(in: file), 0x1p62))
    }

    /// How many spans there are to a byte of a segment, by its first and last blocks.
    private static func spansPerByte(in file: ReadOnlyFile) -> Double {
        var (stored, spans) = (0.0, 0.0)
        for isReversed in [false, true] {
            var left = sampleCount
            // What is damaged is no reason to know nothing: the rest of the samples count.
            try? LMDBFile(file).table(SegmentWriter.table)?.forEachEntry(isReversed: isReversed) {
                let bytes = try file.bytes(at: $0.valueOffset, count: BlockHeader.byteCount)
                let header = try BlockHeader(decoding: bytes[...])
                stored += Double($0.valueByteCount)
                spans += Double(header.spanCount)
                left -= 1
                return left > 0
            }
        }
        return stored > 0 ? min(spans / stored, spansPerByteMax) : 1 / Double(usualSpanByteCount)
    }

    private static let sampleCount = 8
    private static let usualSpanByteCount: UInt64 = 256
    /// No checksum is looked at here, and spans do not take any less.
    private static let spansPerByteMax = 0.25
}
