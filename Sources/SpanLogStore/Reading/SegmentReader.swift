import SpanLogFormat

/// Reads the blocks of one segment without liblmdb, and without trusting the file.
public struct SegmentReader: Sendable {
    /// The segment's file.
    public let path: String
    /// The blocks that the segment's tree names, in the order of their keys.
    package private(set) var locations: [Location] = []
    /// Blocks of spans that were open when their recorder died. Compacted segments have them.
    private(set) var openSpanLocations: [Location] = []
    private let file: ReadOnlyFile

    /// Where a block lies in the file, by the word of the tree.
    package struct Location: Hashable, Sendable {
        /// The recorder, where blocks of several may be.
        let recorderID: RecorderID?
        package let sequence: UInt64
        package let offset: UInt64
        package let byteCount: Int

        /// The key that the block stands under.
        var key: [UInt8] { (recorderID?.bytes ?? []) + sequence.bigEndianBytes }
    }

    /// The table of blocks with open spans, by recorder.
    static let openSpansTable = "open"

    /// Opens the segment and reads its tree, not its blocks.
    ///
    /// A segment that is being written meanwhile is read as of one commit.
    ///
    /// - Throws: ``StoreError`` if the file cannot be read or its tree is damaged.
    /// - Complexity: O(*n*) in the number of blocks.
    package init(_ path: String) throws(StoreError) {
        self.path = path
        do {
            file = try ReadOnlyFile(path)
        } catch {
            throw StoreDirectory.openError(path, error)
        }
        do {
            // The empty file of a recorder that was about to write its first block.
            if try file.byteCount() == 0 { return }
            (locations, openSpanLocations) = try Self.locations(in: file)
        } catch {
            throw StoreError(.damaged, "\(path) is damaged: \(error).", cause: nil)
        }
    }

    /// Reads and checks a block.
    ///
    /// - Throws: ``StoreError`` with code ``StoreError/Code/damaged`` and the place of the damage.
    package func block(at location: Location) throws(StoreError) -> Block {
        try reading(location) { bytes throws(FormatError) in
            try Block(checking: bytes, key: location.key)
        }
    }

    /// As ``block(at:)``, of a place in ``openSpanLocations``.
    func openSpans(at location: Location) throws(StoreError) -> Block {
        try reading(location) { bytes throws(FormatError) in
            try Block(checking: bytes, key: location.key, holdsOpenSpans: true)
        }
    }

    /// The stored value of a block, whose checksum matches.
    ///
    /// - Throws: As ``block(at:)``.
    func value(at location: Location) throws(StoreError) -> (header: BlockHeader, bytes: [UInt8]) {
        try reading(location) { bytes throws(FormatError) in
            (try Block.check(bytes, key: location.key).header, bytes)
        }
    }

    /// The headers of the blocks, by their own word. Those that are none are left out.
    var headers: [BlockHeader] { locations.compactMap(header) }
    /// The same of ``openSpanLocations``.
    var openSpanHeaders: [BlockHeader] { openSpanLocations.compactMap(header) }

    private func header(at location: Location) -> BlockHeader? {
        let count = min(BlockHeader.byteCount, location.byteCount)
        guard let bytes = try? file.bytes(at: location.offset, count: count) else { return nil }
        return try? BlockHeader(decoding: bytes[...])
    }

    private func reading<Result>(
        _ location: Location, _ body: ([UInt8]) throws(FormatError) -> Result
    ) throws(StoreError) -> Result {
        do {
            return try body(try file.bytes(at: location.offset, count: location.byteCount))
        } catch {
            throw StoreError(
                .damaged,
                "\(path), block \(location.sequence) at byte \(location.offset): \(error).")
        }
    }
}

extension SegmentReader {
    private typealias Locations = (blocks: [Location], openSpans: [Location])

    /// Reads the tree, again if a writer has changed it underneath.
    private static func locations(in file: ReadOnlyFile) throws -> Locations {
        for _ in 1..<attemptMax {
            let state = try LMDBFile(file)
            if let locations = try? locations(in: state, of: file), try !state.isOutdated() {
                return locations
            }
            if try !state.isOutdated() { break }
        }
        return try locations(in: LMDBFile(file), of: file)
    }

    private static func locations(in state: LMDBFile, of file: ReadOnlyFile) throws -> Locations {
        var unclaimedByteCount = try file.byteCount()
        func locations(_ table: String) throws -> [Location] {
            var locations: [Location] = []
            try state.table(table)?.forEachEntry { entry in
                // Forged entries that all name the same large block would multiply the work.
                guard UInt64(entry.valueByteCount) <= unclaimedByteCount else {
                    throw FormatError("its blocks overlap")
                }
                unclaimedByteCount -= UInt64(entry.valueByteCount)
                locations.append(try Location(entry))
                return true
            }
            return locations
        }
        return (try locations(SegmentWriter.table), try locations(openSpansTable))
    }

    private static let attemptMax = 100
}

extension SegmentReader.Location {
    /// The key of a block is its number, and before that its recorder where there are several.
    fileprivate init(_ entry: LMDBTree.Entry) throws(FormatError) {
        guard entry.key.count == 8 || entry.key.count == 24 else {
            throw FormatError("a block's key has \(entry.key.count) bytes instead of 8 or 24")
        }
        recorderID = RecorderID(bytes: entry.key.dropLast(8))
        sequence = UInt64(bigEndianBytes: entry.key.suffix(8))
        offset = entry.valueOffset
        byteCount = entry.valueByteCount
    }
}
