import SpanLogStore

extension ArchiveReader {
    /// How large an archive is.
    struct Size {
        /// The bytes of the file.
        var byteCount: UInt64 = 0
        /// What it holds once decompressed, roughly.
        var contentByteCount: UInt64 = 0
    }

    /// The size by the file and a few of its chunks.
    var size: Size {
        let byteCount = (try? ReadOnlyFile(path).byteCount()) ?? 0
        return Size(
            byteCount: byteCount,
            contentByteCount: UInt64(min(Double(byteCount) * payloadShare, 0x1p62)))
    }

    /// How many bytes of payload there are to a byte of a chunk of traces, by the first ones.
    private var payloadShare: Double {
        var (stored, payload, left) = (0.0, 0.0, 8)
        try? traces?.forEachEntry { entry in
            guard let value = try traces?.value(of: entry) else { return false }
            stored += Double(value.count)
            payload += Double(try ArchiveChunk.content(of: value).payload.count)
            left -= 1
            return left > 0
        }
        return stored > 0 ? payload / stored : 1
    }
}
