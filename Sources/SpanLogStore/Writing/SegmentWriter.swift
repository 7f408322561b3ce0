import Glibc
import SpanLogFormat
import SpanLogLMDB

/// Appends blocks to one segment, in durable transactions.
struct SegmentWriter: ~Copyable {
    private let environment: LMDBEnvironment
    private let byteCountMax: Int
    private let created = Clocks.boottime()
    /// Whether no block has been appended.
    private(set) var isEmpty = true

    /// The table that holds the blocks.
    static let table = "blocks"

    /// Creates a segment in `directory`, with room for at least one block of `blockByteCount`.
    ///
    /// - Throws: The system's or LMDB's error; no file is left behind then. One that is there
    ///   already is an error, and left alone.
    static func create(
        _ name: StoreDirectory.SegmentName, in directory: StoreDirectory,
        byteCountMax: Int, blockByteCount: Int
    ) throws -> SegmentWriter {
        let path = directory.filePath(name.fileName)
        guard try FileSystem.kind(of: path) == nil else { throw SystemError(number: EEXIST) }
        let smallest = 2 * blockByteCount + overheadByteCount
        do {
            let segment = try open(path, max(byteCountMax, smallest), orElse: smallest)
            try FileSystem.syncDirectory(directory.path)
            return segment
        } catch {
            remove(path)
            throw error
        }
    }

    /// Removes a segment that nobody has open, and its lock file.
    ///
    /// - Returns: Whether there is no segment at `path` any more.
    @discardableResult
    static func remove(_ path: String) -> Bool {
        try? FileSystem.removeFile(path + "-lock")
        return (try? FileSystem.removeFile(path)) != nil
    }

    /// Opens with the smaller size where a limit of address space (`ulimit -v`) forbids the other.
    private static func open(
        _ path: String, _ byteCountMax: Int, orElse smallest: Int
    ) throws(LMDBError) -> SegmentWriter {
        do {
            var options = LMDBEnvironment.Options(mapSizeBytes: byteCountMax + overheadByteCount)
            // Nobody else writes here, and a lock file would be a mapping of a file whose space
            // nobody has reserved: the first touch is a fatal signal on a full disk.
            options.isLockFree = true
            let environment = try LMDBEnvironment.open(path: path, options: options)
            return SegmentWriter(environment: environment, byteCountMax: byteCountMax)
        } catch {
            guard error.isOutOfMemory, smallest < byteCountMax else { throw error }
            return try open(path, smallest, orElse: smallest)
        }
    }

    private init(environment: consuming LMDBEnvironment, byteCountMax: Int) {
        self.environment = environment
        self.byteCountMax = byteCountMax
    }

    /// How long ago the segment was created.
    var ageNanoseconds: UInt64 { Clocks.boottime() - created }

    /// How many of the first of `blocks` still fit.
    func countThatFits(_ blocks: [SealedBlock]) throws -> Int {
        var used = try environment.usedByteCount() + Self.overheadByteCount
        // A block stands on whole pages, behind 16 bytes of the first.
        return blocks.prefix { block in
            used += block.bytes.count + 16
            return used <= byteCountMax
        }.count
    }

    /// Appends blocks in one transaction. Once this returns, they survive a loss of power.
    ///
    /// - Throws: ``LMDBError``; the segment is then not to be written any more.
    mutating func append(_ blocks: ArraySlice<SealedBlock>) throws {
        try environment.write { transaction in
            let table = try transaction.table(Self.table)
            for block in blocks {
                try transaction.put(block.bytes, for: block.key, in: table)
            }
        }
        isEmpty = false
    }

    /// What the tree above the blocks takes at most, and what a commit frees only later.
    private static let overheadByteCount = 1 << 20
}
