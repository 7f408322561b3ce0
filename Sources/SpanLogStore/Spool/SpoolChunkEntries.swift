import SpanLogFormat

/// The entries of a chunk whose checksums match.
///
/// After a loss of power, or damage, some pages hold something else. An entry begins where the one
/// before it ends, by the index; where that is damaged, by its own length.
struct SpoolChunkEntries {
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0
    private let content: [UInt8]
    private let sequence: UInt64
    /// Where the next entry may begin.
    private var starts = [0]
    /// Where the last sound entry ends: sound ones do not overlap.
    private(set) var soundEnd = 0
    /// Forged ends would have the same bytes hashed again and again.
    private var hashByteCountLeft: Int

    /// - Parameters:
    ///   - content: The bytes behind the chunk's header.
    ///   - index: The chunk's last bytes, where the index stands backwards.
    ///   - missesMax: After how many places without an entry, one after the other, there are none.
    init(_ content: [UInt8], index: [UInt8], missesMax: Int, sequence: UInt64) {
        self.content = content
        self.sequence = sequence
        hashByteCountLeft = 4 * content.count
        let size = SpoolLayout.Chunk.indexEntryByteCount
        var misses = 0
        for number in 0..<index.count / size {
            let place = UInt64(littleEndianIn: index, at: index.count - (number + 1) * size)
            let isSound = take(
                end: Int(place & 0xFFFF_FFFF), checksum: UInt32(truncatingIfNeeded: place >> 32))
            misses = isSound ? 0 : misses + 1
            guard misses <= missesMax else { return }
        }
    }

    private mutating func take(end: Int, checksum: UInt32) -> Bool {
        let isPossible = end > soundEnd && end <= content.count
        for start in starts where isPossible && start >= soundEnd && start < end {
            guard hashByteCountLeft >= end - start else { break }
            hashByteCountLeft -= end - start
            guard Checksum.ofEntry(content, start..<end, sequence: sequence) == checksum else {
                continue
            }
            bytes += content[start..<end]
            count += 1
            soundEnd = end
            starts = [end]
            return true
        }
        let byLength = starts.first.flatMap(endByLength)
        starts = (isPossible ? [end] : []) + (byLength.map { [$0] } ?? [])
        return false
    }

    /// Where the entry at `start` ends by its own length.
    private func endByLength(_ start: Int) -> Int? {
        guard start < content.count else { return nil }
        var reader = ProtobufReader(content, start..<content.count)
        guard (try? reader.next()) != nil else { return nil }
        return reader.position
    }
}
