import SpanLogFormat
import SpanLogLMDB
import SpanLogStore

/// Writes an archive beside its place, and gives it its name once it is whole and durable.
///
/// Dropped before that, it leaves nothing behind.
struct ArchiveWriter: ~Copyable {
    private let path: String
    private let partial: PartialFile
    private let environment: LMDBEnvironment
    private var quarantineCount: UInt64 = 0
    private var summaries: SummaryRuns
    private var unsyncedByteCount = 0

    /// Begins an archive that will stand at `path`.
    static func create(
        _ path: String, _ space: SpillSpace, _ plan: MergePlan, _ unfinished: UnfinishedFiles
    ) throws -> ArchiveWriter {
        let partial: PartialFile
        do {
            partial = try PartialFile(for: path, unfinished)
        } catch {
            throw writeFailed(path, error)
        }
        do {
            return ArchiveWriter(
                path: path, partial: partial, environment: try open(partial.path),
                summaries: SummaryRuns(space, bytesMax: plan.indexBytesMax))
        } catch {
            throw writeFailed(path, error)
        }
    }

    /// Opens the file with room for any archive, or less where address space is limited
    /// (`ulimit -v`).
    private static func open(
        _ path: String, mapSizeShift: Int = 44
    ) throws(LMDBError) -> LMDBEnvironment {
        var options = LMDBEnvironment.Options(mapSizeBytes: 1 << mapSizeShift)
        options.isLockFree = true
        options.isUnsynced = true
        options.tablesMax = 9
        do {
            return try LMDBEnvironment.open(path: path, options: options)
        } catch {
            guard error.isOutOfMemory, mapSizeShift > mapSizeShiftMin else { throw error }
            return try open(path, mapSizeShift: mapSizeShift - 2)
        }
    }

    private init(
        path: String, partial: PartialFile, environment: consuming LMDBEnvironment,
        summaries: SummaryRuns
    ) {
        self.path = path
        self.partial = partial
        self.environment = environment
        self.summaries = summaries
    }

    /// Appends blocks with successive numbers, the first of which is `first`.
    mutating func append(blocks values: [[UInt8]], from first: UInt32) throws {
        try write { transaction in
            let blocks = try transaction.table(ArchiveFormat.blocks)
            for (offset, value) in values.enumerated() {
                let key = (UInt64(first) + UInt64(offset)).bigEndianBytes
                try transaction.append(value, for: key, in: blocks)
            }
        }
        countUnsynced(values.reduce(0) { $0 + $1.count })
    }

    /// Appends what a partition became. Partitions come in order.
    mutating func append(_ run: ArchiveRun) throws {
        try summaries.append(run.summaries)
        let first = quarantineCount
        quarantineCount += UInt64(run.quarantine.count)
        try write { transaction in
            let traces = try transaction.table(ArchiveFormat.traces)
            for entry in run.traces {
                try transaction.append(entry.value, for: entry.key, in: traces)
            }
            let quarantine = try transaction.table(ArchiveFormat.quarantine)
            for (number, value) in run.quarantine.enumerated() {
                let key = (first + UInt64(number)).bigEndianBytes
                try transaction.append(value, for: key, in: quarantine)
            }
        }
        countUnsynced(run.traces.reduce(0) { $0 + $1.value.count })
    }

    /// The summaries of all traces, once all partitions have been appended.
    func endTraces() -> SummaryRuns {
        partial.beginSync()
        return summaries
    }

    /// Appends chunks of the index. They come in order.
    func append(index entries: [ArchiveRun.Entry]) throws {
        try write { transaction in
            let index = try transaction.table(ArchiveFormat.index)
            for entry in entries {
                try transaction.append(entry.value, for: entry.key, in: index)
            }
        }
    }

    private mutating func countUnsynced(_ byteCount: Int) {
        unsyncedByteCount += byteCount
        guard unsyncedByteCount >= Self.unsyncedBytesMax else { return }
        unsyncedByteCount = 0
        partial.beginSync()
    }

    /// Writes clocks and report, makes the archive durable and gives it its name.
    consuming func finish(
        _ report: MergeReport, _ clocks: ArchiveClocks, replacing isReplacing: Bool
    ) throws {
        try write { transaction in try clocks.write(&transaction) }
        var value = ArchiveChunk.begin() + (try report.json())
        ArchiveChunk.seal(&value)
        try write { transaction in
            let meta = try transaction.table(ArchiveFormat.meta)
            try transaction.put(ArchiveFormat.format, for: ArchiveFormat.formatKey, in: meta)
            try transaction.put(value, for: ArchiveFormat.reportKey, in: meta)
        }
        do {
            try environment.sync()
            guard try isReplacing || FileSystem.kind(of: path) == nil else {
                throw Merge.exists(path)
            }
            try partial.rename(to: path)
        } catch let error as MergeError {
            throw error
        } catch {
            throw Self.writeFailed(path, error)
        }
    }

    private func write(_ body: (inout LMDBWriteTransaction) throws -> Void) throws {
        do {
            try environment.write(body)
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

    private static let mapSizeShiftMin = 28
    private static let unsyncedBytesMax = 64 << 20
}
