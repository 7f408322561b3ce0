import SpanLogFormat
import SpanLogLMDB

/// Joins the small files that dead recorders left in a store into few segments.
///
/// Blocks stay as they are, with their recorder and number; spools become blocks, open spans
/// included. Files of living recorders are not touched. Killed at any moment, it leaves every span
/// in the store exactly once for readers: a new segment gets its name when it is durable, and only
/// then what is in it is removed elsewhere.
public struct StoreCompactor {
    private let directory: StoreDirectory
    /// The bytes at which a segment is finished. Files of half of that are left as they are.
    var segmentByteCount: UInt64 = 1 << 30
    /// Called before each step, for tests that stop there.
    var onStep: (Step) throws -> Void = { _ in }

    /// What comes next.
    enum Step: Hashable, Sendable {
        case sync
        case publish
        case remove(String)
    }

    /// - Throws: ``StoreError`` if there is no store at `path`, or one of a newer format.
    public init(_ path: String) throws(StoreError) {
        directory = try StoreDirectory.openForReading(path)
    }

    /// Joins what there is to join.
    ///
    /// - Returns: What was done. Damaged files are named there, and left as they are.
    /// - Throws: ``StoreError`` if another process is at it, or the disk fails. Nothing is lost.
    /// - Complexity: O(*n*) in the bytes of the files that are joined; the names of all blocks, 32
    ///   MiB and one spool are in memory.
    public func run() throws(StoreError) -> CompactionReport {
        do {
            let lock = try ReadOnlyFile(directory.path)
            guard try lock.lock() else { throw Self.busy(directory.path) }
            return try withExtendedLifetime(lock) { try runLocked() }
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(
                .writeFailed,
                "Cannot compact \(directory.path): make room there, or run as its owner. Nothing "
                    + "is lost; what was done so far stays done.",
                cause: error)
        }
    }

    private static func busy(_ path: String) -> StoreError {
        StoreError(
            .writeFailed,
            "Another spanlog compact is at work in \(path), or a recorder that removes old files: "
                + "try again when it is done.")
    }

    private func runLocked() throws -> CompactionReport {
        var report = CompactionReport(path: directory.path)
        let inventory = try StoreInventory(directory)
        report.byteCountBefore = inventory.byteCount
        report.livingRecorderCount = inventory.livingRecorderCount
        for path in inventory.leftovers { try FileSystem.removeFile(path) }
        let plan = CompactionPlan(inventory.files, segmentByteCount: segmentByteCount)
        for file in plan.kept { try FileSystem.removeFile(file.path + "-lock") }
        if plan.isWorthwhile { try join(plan, &report) }
        report.byteCountAfter = try StoreInventory(directory).byteCount
        return report
    }

    private func join(_ plan: CompactionPlan, _ report: inout CompactionReport) throws {
        let id = RecorderID(bytes: (0..<16).map { _ in UInt8.random(in: 0 ... .max) })!
        var known = KnownBlocks(kept: plan.kept)
        var compressor = BlockCompressor()
        var segment: CompactedSegment?
        do {
            for file in plan.inputs {
                guard let input = read(file, &compressor, &known, &report) else { continue }
                let current =
                    try segment
                    ?? CompactedSegment(
                        .init(id: id, number: report.createdFileCount), in: directory,
                        byteCountMax: plan.mapByteCount)
                segment = current
                try add(input, to: current, &known, &report)
                guard current.byteCount >= segmentByteCount else { continue }
                try finish(current, &report)
                segment = nil
            }
            if let segment { try finish(segment, &report) }
        } catch {
            segment?.discard()
            throw error
        }
    }

    /// A file that can be joined; `nil` if it is damaged, or holds another block under a name that
    /// is known already.
    private func read(
        _ file: StoreInventory.File, _ compressor: inout BlockCompressor?,
        _ known: inout KnownBlocks, _ report: inout CompactionReport
    ) -> CompactionInput? {
        do throws(StoreError) {
            let input = try CompactionInput(file, &compressor)
            if !input.isRecovered, let other = input.blocks.first(where: { known.contradicts($0) })
            {
                throw StoreError(
                    .damaged,
                    "\(file.path) holds another block \(other.name.sequence) of recorder "
                        + "\(other.name.recorderID) than another file.")
            }
            return input
        } catch {
            report.damages.append(Store.Damage(file: file.path, reason: error.message))
            return nil
        }
    }

    private func add(
        _ input: CompactionInput, to segment: CompactedSegment, _ known: inout KnownBlocks,
        _ report: inout CompactionReport
    ) throws {
        for element in input.blocks where known.insert(element) {
            try segment.put(
                try input.value(of: element), element.name, holdsOpenSpans: false)
            report.blockCount += 1
            report.spanCount += UInt64(element.spanCount)
        }
        for element in input.openSpans where known.insert(openSpans: element) {
            try segment.put(try input.value(of: element), element.name, holdsOpenSpans: true)
            report.openSpanCount += UInt64(element.spanCount)
        }
        segment.finish(input.file)
    }

    /// Publishes the segment, and removes what it holds elsewhere.
    private func finish(
        _ segment: CompactedSegment, _ report: inout CompactionReport
    ) throws {
        // All of it may be elsewhere already, when an earlier compaction was killed.
        if segment.isEmpty {
            segment.discard()
        } else {
            try onStep(.sync)
            try segment.sync()
            try onStep(.publish)
            try segment.publish()
            report.createdFileCount += 1
        }
        for file in segment.inputs {
            try onStep(.remove(file.path))
            try FileSystem.removeFile(file.path)
            try FileSystem.removeFile(file.path + "-lock")
            report.joinedFileCount += 1
        }
        try FileSystem.syncDirectory(directory.path)
    }
}
