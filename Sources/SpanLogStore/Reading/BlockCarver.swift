import SpanLogFormat

/// Finds blocks by their first bytes, without any tree above them.
///
/// Only what is whole and has the right checksum counts. A window of the file and one block are in
/// memory at a time, and the time is linear in the file's bytes, whatever forged headers claim.
struct BlockCarver {
    private let file: ReadOnlyFile
    private var window: FileWindow
    private let places: FileWindow.Places
    /// The bytes that may still be read in vain, for headers whose blocks turn out to be none.
    private var vainByteCountLeft: UInt64

    /// A header that was found.
    struct Candidate {
        let offset: UInt64
        let header: BlockHeader
        /// Where the block ends, by the header's word.
        var end: UInt64 { offset + UInt64(BlockHeader.byteCount) + header.storedByteCount }
    }

    /// What carving comes upon.
    enum Finding {
        case block(Candidate)
        /// A header in front of something else than its block.
        case damaged(Candidate, reason: String)
    }

    /// - Parameters:
    ///   - byteCount: How much of the file is looked at.
    ///   - pageByteCount: The bytes of a page of LMDB's, or `nil` if nobody knows. Blocks that have
    ///     pages of their own begin 16 bytes into one. Where pages have more than 8 KiB, small blocks
    ///     stand among others, at even places.
    init(_ file: ReadOnlyFile, byteCount: UInt64, pageByteCount: Int?) {
        self.file = file
        window = FileWindow(file, byteCount: byteCount)
        places =
            if let pageByteCount, pageByteCount <= 8192 {
                FileWindow.Places(phase: UInt64(LMDBPages.headerByteCount), step: 4096)
            } else {
                FileWindow.Places(phase: 0, step: 2)
            }
        vainByteCountLeft = min(byteCount, 1 << 50) * 4 + 64 << 20
    }

    /// Calls `body` with what is found within `range`, in the order of the file. A block may reach
    /// beyond the range's end; what is within one that was found is not looked at.
    mutating func carve(_ range: Range<UInt64>, _ body: (Finding) -> Void) {
        var position = range.lowerBound
        while let candidate = candidate(from: position, to: range.upperBound) {
            if let reason = damage(of: candidate) {
                body(.damaged(candidate, reason: reason))
                position = candidate.offset + 1
            } else {
                body(.block(candidate))
                position = candidate.end
            }
        }
    }

    /// As ``carve(_:_:)``, of all that is outside of `ranges`.
    mutating func carve(outside ranges: [Range<UInt64>], _ body: (Finding) -> Void) {
        var position: UInt64 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if position < range.lowerBound { carve(position..<range.lowerBound, body) }
            position = max(position, range.upperBound)
        }
        if position < window.byteCount { carve(position..<window.byteCount, body) }
    }

    /// What is wrong with a candidate, or `nil` if it is a block.
    ///
    /// Headers that claim each other's bytes would multiply the work. Once too much was read in vain,
    /// only those count that end before another one begins.
    private mutating func damage(of candidate: Candidate) -> String? {
        guard candidate.end <= window.byteCount else { return "the block is cut off" }
        let byteCount = candidate.end - candidate.offset
        if byteCount > vainByteCountLeft,
            self.candidate(from: candidate.offset + 1, to: candidate.end) != nil
        {
            return "another block begins within it"
        }
        do {
            let bytes = try file.bytes(at: candidate.offset, count: Int(byteCount))
            _ = try Block.check(bytes, key: BlockName(candidate.header).key)
            return nil
        } catch {
            vainByteCountLeft -= min(byteCount, vainByteCountLeft)
            return "\(error)"
        }
    }

    /// The next header between two places.
    private mutating func candidate(from start: UInt64, to end: UInt64) -> Candidate? {
        var position = start
        while let offset = window.offset(
            of: BlockHeader.magic, from: position, to: end, at: places)
        {
            if let bytes = try? file.bytes(at: offset, count: BlockHeader.byteCount),
                let header = try? BlockHeader(decoding: bytes[...])
            {
                return Candidate(offset: offset, header: header)
            }
            position = offset + 1
        }
        return nil
    }
}
