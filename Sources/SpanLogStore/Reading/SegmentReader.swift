import SpanLogFormat

/// Reads the blocks of one segment without liblmdb, and without trusting the file.
public struct SegmentReader: Sendable {
    /// The segment's file.
    public let path: String
    /// The blocks that the segment's tree names, in the order of their sequence numbers.
    package let locations: [Location]
    private let file: ReadOnlyFile

    /// Where a block lies in the file, by the word of the tree.
    package struct Location: Hashable, Sendable {
        package let sequence: UInt64
        package let offset: UInt64
        package let byteCount: Int
    }

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
            if try file.byteCount() == 0 {
                locations = []
                return
            }
            locations = try Self.locations(in: file)
        } catch {
            throw StoreError(.damaged, "\(path) is damaged: \(error).", cause: nil)
        }
    }

    /// Reads and checks a block.
    ///
    /// - Throws: ``StoreError`` with code ``StoreError/Code/damaged`` and the place of the damage.
    package func block(at location: Location) throws(StoreError) -> Block {
        do {
            let bytes = try file.bytes(at: location.offset, count: location.byteCount)
            return try Block(checking: bytes, key: location.sequence.bigEndianBytes)
        } catch {
            throw StoreError(
                .damaged,
                "\(path), block \(location.sequence) at byte \(location.offset): \(error).")
        }
    }

    /// Reads the tree, again if a writer has changed it underneath.
    private static func locations(in file: ReadOnlyFile) throws -> [Location] {
        for _ in 1..<attemptMax {
            let state = try LMDBFile(file)
            if let locations = try? locations(in: state, of: file), try !state.isOutdated() {
                return locations
            }
            if try !state.isOutdated() { break }
        }
        return try locations(in: LMDBFile(file), of: file)
    }

    private static func locations(
        in state: LMDBFile, of file: ReadOnlyFile
    ) throws -> [Location] {
        var locations: [Location] = []
        var unclaimedByteCount = try file.byteCount()
        try state.table(SegmentWriter.table)?.forEachEntry { entry in
            guard entry.key.count == 8 else {
                throw FormatError("a block's key has \(entry.key.count) bytes instead of 8")
            }
            // Forged entries that all name the same large block would multiply the work of reading.
            guard UInt64(entry.valueByteCount) <= unclaimedByteCount else {
                throw FormatError("its blocks overlap")
            }
            unclaimedByteCount -= UInt64(entry.valueByteCount)
            locations.append(
                Location(
                    sequence: UInt64(bigEndianBytes: entry.key), offset: entry.valueOffset,
                    byteCount: entry.valueByteCount))
            return true
        }
        return locations
    }

    private static let attemptMax = 100
}
