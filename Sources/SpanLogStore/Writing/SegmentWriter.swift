import SpanLogFormat
import SpanLogLMDB

/// Appends blocks to one segment, each in a durable transaction of its own.
struct SegmentWriter: ~Copyable {
    private let environment: LMDBEnvironment
    private let byteCountMax: Int

    /// The table that holds the blocks.
    static let table = "blocks"

    /// Creates a segment in `directory`, with room for at least one block of `blockByteCount`.
    ///
    /// - Throws: The system's or LMDB's error; no file is left behind then.
    static func create(
        _ name: StoreDirectory.SegmentName, in directory: StoreDirectory,
        byteCountMax: Int, blockByteCount: Int
    ) throws -> SegmentWriter {
        let path = directory.filePath(name.fileName)
        let smallest = 2 * blockByteCount + overheadByteCount
        do {
            let segment = try open(path, max(byteCountMax, smallest), orElse: smallest)
            try FileSystem.syncDirectory(directory.path)
            return segment
        } catch {
            try? FileSystem.removeFile(path)
            try? FileSystem.removeFile(path + "-lock")
            throw error
        }
    }

    /// Opens with the smaller size where a limit of address space (`ulimit -v`) forbids the other.
    private static func open(
        _ path: String, _ byteCountMax: Int, orElse smallest: Int
    ) throws(LMDBError) -> SegmentWriter {
        do {
            let options = LMDBEnvironment.Options(mapSizeBytes: byteCountMax + overheadByteCount)
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

    /// Whether a block of this size still fits.
    func hasRoom(for blockByteCount: Int) throws -> Bool {
        let needed = blockByteCount + Self.overheadByteCount
        return try environment.usedByteCount() + needed <= byteCountMax
    }

    /// Appends a block. Once this returns, it survives a loss of power.
    ///
    /// - Throws: ``LMDBError``; the segment then holds what it held before, and may be tried again
    ///   unless the error is a panic.
    func append(_ block: [UInt8], sequence: UInt64) throws {
        try environment.write { transaction in
            let table = try transaction.table(Self.table)
            try transaction.put(block, for: sequence.bigEndianBytes, in: table)
        }
    }

    /// What the tree above the blocks takes at most, and what a commit frees only later.
    private static let overheadByteCount = 1 << 20
}
