import SpanLogFormat

/// Reads the entries of one chunk.
struct SpoolChunkReader {
    private let file: ReadOnlyFile
    private let layout: SpoolLayout
    private let offset: UInt64
    private let claim: Claim?

    /// How much a chunk says that it holds.
    private struct Claim {
        let spanCount: Int
        let byteCount: Int
        var indexByteCount: Int { spanCount * SpoolLayout.Chunk.indexEntryByteCount }

        /// Whether this is what was found.
        func isMet(by entries: SpoolChunkEntries) -> Bool {
            entries.count == spanCount && entries.soundEnd == byteCount
        }
    }

    init(file: ReadOnlyFile, layout: SpoolLayout, offset: UInt64, extent: UInt64) {
        self.file = file
        self.layout = layout
        self.offset = offset
        let claim = Claim(
            spanCount: Int(extent >> 32), byteCount: Int(extent & 0xFFFF_FFFF))
        let isPossible = claim.byteCount + claim.indexByteCount <= layout.contentByteCount
        self.claim = isPossible ? claim : nil
    }

    /// Whether the chunk says that it has no entry.
    var isEmpty: Bool { claim.map { $0.spanCount == 0 && $0.byteCount == 0 } ?? false }

    /// The entries that are sound: those that the chunk says it has, or if they are not, any.
    func entries(sequence: UInt64) throws(SystemError) -> SpoolChunkEntries {
        let all = layout.contentByteCount
        guard let claim else { return try entries(all, all, missesMax: Self.missesMax, sequence) }
        let claimed = try entries(
            claim.byteCount, claim.indexByteCount, missesMax: .max, sequence)
        if claim.isMet(by: claimed) { return claimed }
        let found = try entries(all, all, missesMax: Self.missesMax, sequence)
        return found.count > claimed.count ? found : claimed
    }

    private func entries(
        _ byteCount: Int, _ indexByteCount: Int, missesMax: Int, _ sequence: UInt64
    ) throws(SystemError) -> SpoolChunkEntries {
        let content = try file.bytes(
            at: offset + UInt64(SpoolLayout.Chunk.entries), count: byteCount)
        let end = offset + UInt64(layout.chunkByteCount)
        let index = try file.bytes(at: end - UInt64(indexByteCount), count: indexByteCount)
        // Where the file is cut off, this is not the index.
        guard index.count == indexByteCount else {
            return SpoolChunkEntries([], index: [], missesMax: 0, sequence: sequence)
        }
        return SpoolChunkEntries(content, index: index, missesMax: missesMax, sequence: sequence)
    }

    /// What is wrong with the chunk of which `entries` are sound, or `nil` if nothing is.
    func damage(_ entries: SpoolChunkEntries) -> String? {
        guard let claim else {
            return "claims more than it can hold; \(entries.count) spans of it are sound"
        }
        if claim.isMet(by: entries) { return nil }
        guard entries.count < claim.spanCount else {
            return "holds other spans than it says; \(entries.count) are sound"
        }
        return "has lost \(claim.spanCount - entries.count) spans, whose checksums do not match "
            + "their bytes"
    }

    private static let missesMax = 16
}
