import SpanLogFormat
import SpanLogLMDB
import SpanLogStore

/// Writes an archive beside its place, and gives it its name once it is whole and durable.
///
/// Dropped before that, it leaves nothing behind.
struct ArchiveWriter: ~Copyable {
    private let path: String
    private let temporaryPath: String
    private let environment: LMDBEnvironment
    private var entries: [Entry] = []
    private var byteCount = 0

    private struct Entry {
        let table: String
        let key: [UInt8]
        let value: [UInt8]
    }

    /// Begins an archive that will stand at `path`.
    static func create(_ path: String) throws -> ArchiveWriter {
        let temporaryPath = "\(path).partial-\(UInt32.random(in: 0 ... .max))"
        var options = LMDBEnvironment.Options(mapSizeBytes: 1 << 40)
        options.isLockFree = true
        options.isUnsynced = true
        do {
            return ArchiveWriter(
                path: path, temporaryPath: temporaryPath,
                environment: try LMDBEnvironment.open(path: temporaryPath, options: options))
        } catch {
            try? FileSystem.removeFile(temporaryPath)
            throw writeFailed(path, error)
        }
    }

    private init(path: String, temporaryPath: String, environment: consuming LMDBEnvironment) {
        self.path = path
        self.temporaryPath = temporaryPath
        self.environment = environment
    }

    /// Stores an entry. Keys of the table `traces` come in order; those of others need not.
    mutating func put(_ value: [UInt8], for key: [UInt8], in table: String) throws {
        entries.append(Entry(table: table, key: key, value: value))
        byteCount += key.count + value.count
        if byteCount >= Self.transactionBytesMax { try commit() }
    }

    /// Makes the archive durable and gives it its name.
    consuming func finish(replacing isReplacing: Bool) throws {
        do {
            try commit()
            try environment.sync()
            guard try isReplacing || FileSystem.kind(of: path) == nil else {
                throw Merge.exists(path)
            }
            try FileSystem.rename(temporaryPath, to: path)
            try FileSystem.syncDirectory(FileSystem.parent(of: path))
        } catch let error as MergeError {
            throw error
        } catch {
            throw Self.writeFailed(path, error)
        }
    }

    deinit {
        // Once the archive is finished, there is no such file.
        try? FileSystem.removeFile(temporaryPath)
    }

    private mutating func commit() throws {
        let entries = entries
        self.entries = []
        byteCount = 0
        do {
            try environment.write { transaction in
                for entry in entries {
                    let table = try transaction.table(entry.table)
                    if entry.table == ArchiveFormat.traces {
                        try transaction.append(entry.value, for: entry.key, in: table)
                    } else {
                        try transaction.put(entry.value, for: entry.key, in: table)
                    }
                }
            }
        } catch {
            throw Self.writeFailed(path, error)
        }
    }

    private static func writeFailed(_ path: String, _ error: any Error) -> MergeError {
        MergeError(
            .writeFailed,
            "Cannot write the archive \(path): make room or choose another place. Nothing was "
                + "left behind.",
            cause: error)
    }

    /// LMDB keeps the pages of a transaction in memory, and takes at most 512 MiB of them.
    private static let transactionBytesMax = 64 << 20
}
