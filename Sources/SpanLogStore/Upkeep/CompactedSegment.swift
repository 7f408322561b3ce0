import SpanLogFormat
import SpanLogLMDB

/// A segment that a compaction writes: under a temporary name, until it is whole and durable.
final class CompactedSegment {
    private let environment: LMDBEnvironment
    private let directory: StoreDirectory
    private let name: StoreDirectory.CompactedName
    private var waiting: [Entry] = []
    private var waitingByteCount = 0
    /// The bytes of the blocks.
    private(set) var byteCount = 0
    /// The latest change of a file that was joined, which becomes the segment's own.
    private var modifiedNanoseconds: UInt64 = 0
    /// The files that are in the segment.
    private(set) var inputs: [StoreInventory.File] = []

    private struct Entry {
        let table: String
        let key: [UInt8]
        let value: [UInt8]
    }

    /// - Parameter byteCountMax: What the segment may grow to.
    /// - Throws: ``LMDBError``.
    init(
        _ name: StoreDirectory.CompactedName, in directory: StoreDirectory, byteCountMax: Int
    ) throws {
        self.directory = directory
        self.name = name
        var options = LMDBEnvironment.Options(mapSizeBytes: byteCountMax)
        // Nobody else knows the file, and it gets its name once all of it is synced.
        options.isLockFree = true
        options.isUnsynced = true
        environment = try LMDBEnvironment.open(
            path: Self.temporaryPath(name, directory), options: options)
    }

    private static func temporaryPath(
        _ name: StoreDirectory.CompactedName, _ directory: StoreDirectory
    ) -> String {
        directory.filePath(name.fileName + ".tmp")
    }

    /// Whether nothing has been added.
    var isEmpty: Bool { byteCount == 0 }

    func put(_ value: [UInt8], _ name: BlockName, holdsOpenSpans: Bool) throws {
        let table = holdsOpenSpans ? SegmentReader.openSpansTable : SegmentWriter.table
        waiting.append(Entry(table: table, key: name.key, value: value))
        waitingByteCount += value.count
        byteCount += value.count
        if waitingByteCount >= Self.transactionByteCount { try commit() }
    }

    /// Remembers that all of a file is here, or elsewhere.
    func finish(_ file: StoreInventory.File) {
        inputs.append(file)
        modifiedNanoseconds = max(modifiedNanoseconds, file.modifiedNanoseconds)
    }

    private func commit() throws {
        let entries = waiting
        waiting = []
        waitingByteCount = 0
        try environment.write { transaction in
            // Readers find the table even if there are open spans alone.
            _ = try transaction.table(SegmentWriter.table)
            for entry in entries {
                let table = try transaction.table(entry.table)
                try transaction.put(entry.value, for: entry.key, in: table)
            }
        }
    }

    /// Makes the content durable, under the temporary name.
    func sync() throws {
        try commit()
        try environment.sync()
    }

    /// Gives a segment that is synced its name.
    func publish() throws {
        let temporary = Self.temporaryPath(name, directory)
        try FileSystem.setModified(temporary, nanoseconds: modifiedNanoseconds)
        try FileSystem.syncFile(temporary)
        try FileSystem.rename(temporary, to: directory.filePath(name.fileName))
        try FileSystem.syncDirectory(directory.path)
    }

    /// Removes a segment that was not published.
    func discard() {
        try? FileSystem.removeFile(Self.temporaryPath(name, directory))
    }

    private static let transactionByteCount = 32 << 20
}
