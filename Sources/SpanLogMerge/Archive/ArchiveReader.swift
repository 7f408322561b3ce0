public import SpanLogFormat
import SpanLogStore

/// Reads an archive that a merge made.
///
/// The file is read place by place and each number in it is checked, so an archive from elsewhere
/// may be damaged without harm. It may be shared between threads.
public struct ArchiveReader: Sendable {
    /// The archive's file.
    public let path: String
    /// What the merge counted.
    public let report: MergeReport
    /// How the clocks of hosts are corrected.
    public let corrections: ClockCorrections
    /// Whether times are read as they were recorded.
    public var readsRawTimes = false
    let blocks: ArchivedBlocks
    private let traces: LMDBTree?
    private let index: LMDBTree?
    private let anchors: LMDBTree?
    private let seals: LMDBTree?

    /// Opens the archive at `path`.
    ///
    /// - Throws: ``MergeError`` if there is none, it is something else, or its format is newer.
    public init(_ path: String) throws {
        self.path = path
        let file: ReadOnlyFile
        do {
            file = try ReadOnlyFile(path)
        } catch {
            throw MergeError(
                .notFound, "Cannot open \(path): name an archive that `spanlog merge` made.",
                cause: error)
        }
        do {
            let tables = try LMDBFile(file)
            guard !tables.isCutOff else { throw FormatError("the file is cut off") }
            let meta = try tables.table(ArchiveFormat.meta)
            guard let meta, let format = try meta.value(for: ArchiveFormat.formatKey),
                let report = try meta.value(for: ArchiveFormat.reportKey)
            else { throw Self.notAnArchive(path) }
            guard format == ArchiveFormat.format else { throw Self.unknown(path, format) }
            let content = try ArchiveChunk.content(of: report)
            self.report = try MergeReport(decoding: Array(content.bytes[content.payload]))
            corrections = try Self.corrections(meta)
            anchors = try tables.table(ArchiveFormat.anchors)
            seals = try tables.table(ArchiveFormat.seals)
            traces = try tables.table(ArchiveFormat.traces)
            index = try tables.table(ArchiveFormat.index)
            blocks = ArchivedBlocks(try tables.table(ArchiveFormat.blocks))
        } catch let error as MergeError {
            throw error
        } catch {
            throw Self.notAnArchive(path, cause: error)
        }
    }

    private static func corrections(_ meta: LMDBTree) throws -> ClockCorrections {
        guard let value = try meta.value(for: ArchiveFormat.clocksKey) else {
            throw FormatError("an archive does not say how clocks are corrected")
        }
        let content = try ArchiveChunk.content(of: value)
        return try ClockCorrections(decoding: Array(content.bytes[content.payload]))
    }

    private static func notAnArchive(_ path: String, cause: (any Error)? = nil) -> MergeError {
        MergeError(
            .notAnArchive,
            "\(path) is no archive, or a damaged one: name the file that `spanlog merge STORE… -o FILE` "
                + "made. `spanlog verify` names damage, and `spanlog salvage` rescues what is intact.",
            cause: cause)
    }

    static func unknown(_ path: String, _ format: [UInt8]) -> MergeError {
        let isOlder = format.lexicographicallyPrecedes(ArchiveFormat.format)
        return MergeError(
            .notAnArchive,
            "\(path) has the format \"\(String(decoding: format, as: UTF8.self))\", "
                + (isOlder
                    ? "of a version before the first release: merge the stores again."
                    : "which this version does not know: update spanlog."))
    }
}

extension ArchiveReader {
    /// The number of traces.
    public var traceCount: Int { report.traces.total }
    /// The number of spans.
    public var spanCount: UInt64 { report.accounting.spansOut }

    /// The traces that started last, newest first.
    ///
    /// - Complexity: O(*n*) in `limit`, and in the traces that started as much earlier as clocks were
    ///   corrected.
    public func newestSummaries(limit: Int) throws -> [TraceSummary] {
        var summaries: [TraceSummary] = []
        try reading {
            try index?.forEachEntry(isReversed: true) { entry in
                if summaries.count >= limit {
                    guard limit > 0 else { return false }
                    summaries.sort(by: Self.isNewer)
                    summaries.removeLast(summaries.count - limit)
                    let latest = latestStart(inChunkUnder: entry.key)
                    guard summaries[limit - 1].startNanoseconds <= latest else { return false }
                }
                summaries += try chunk(index, entry)
                return true
            }
        }
        return Array(summaries.sorted(by: Self.isNewer).prefix(limit))
    }

    private static func isNewer(_ left: TraceSummary, _ right: TraceSummary) -> Bool {
        (left.startNanoseconds, left.traceID) > (right.startNanoseconds, right.traceID)
    }

    /// When the traces of a chunk of the index, or of one before it, started at the latest.
    private func latestStart(inChunkUnder key: [UInt8]) -> UInt64 {
        let recorded = UInt64(bigEndianBytes: key.prefix(8))
        return readsRawTimes ? recorded : corrections.latest(recorded)
    }

    /// The trace `id`, or `nil` if the archive does not hold it.
    ///
    /// - Complexity: O(*n*) in the trace's bytes.
    public func trace(_ id: TraceID) throws -> ArchivedTrace? {
        try reading {
            var decoder = TraceDecoder(id)
            // A chunk stands under the key of its last trace.
            try traces?.forEachEntry(from: ArchiveFormat.traceKey(id)) { entry in
                guard let value = try traces?.value(of: entry) else { return false }
                return try decoder.add(value)
            }
            return try decoder.trace(
                blocks, readsRawTimes ? nil : ClockReading(corrections, seals: seals))
        }
    }

    /// The identifiers of all traces, oldest first.
    ///
    /// - Complexity: O(*n*) in the number of traces, in time and memory.
    public func traceIDs() throws -> [TraceID] {
        var ids: [TraceID] = []
        try forEachSummary { ids.append($0.traceID) }
        return ids
    }

    /// Calls `body` with a summary of each trace, oldest first.
    ///
    /// - Complexity: O(*n*) in the number of traces.
    public func forEachSummary(_ body: (TraceSummary) throws -> Void) throws {
        try reading {
            try index?.forEachEntry { entry in
                for summary in try chunk(index, entry) { try body(summary) }
                return true
            }
        }
    }

    /// What the archive keeps of its blocks for the sake of clocks.
    func clockSources() throws -> ClockSources {
        var sources = ClockSources()
        try forEachChunk(of: anchors) { value, _ in
            for (domain, anchors) in try ArchivedAnchors.all(in: value) {
                sources.add(anchors, of: domain)
            }
        }
        try forEachChunk(of: seals) { value, _ in
            for entry in try ArchivedSeals.all(in: value) {
                for block in entry.blocks { sources.add(block) }
            }
        }
        return sources
    }

    private func forEachChunk(
        of table: LMDBTree?, _ body: ([UInt8], _ payload: Range<Int>) throws -> Void
    ) throws {
        try table?.forEachEntry { entry in
            guard let value = try table?.value(of: entry) else { return false }
            let content = try ArchiveChunk.content(of: value)
            try body(content.bytes, content.payload)
            return true
        }
    }

    /// The summaries in a chunk of the index.
    private func chunk(_ index: LMDBTree?, _ entry: LMDBTree.Entry) throws -> [TraceSummary] {
        guard let value = try index?.value(of: entry) else { return [] }
        let content = try ArchiveChunk.content(of: value)
        var summaries: [TraceSummary] = []
        var reader = ProtobufReader(content.bytes, content.payload)
        while let field = try reader.next() {
            guard field.number == ArchiveFormat.Chunk.entry else { continue }
            summaries.append(
                try TraceSummary(
                    decoding: content.bytes, try reader.range(field.value),
                    readsRawTimes ? nil : corrections))
        }
        return summaries
    }

    private func reading<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            throw MergeError(
                .damaged,
                "\(path) is damaged: merge the stores again, or what `spanlog salvage` takes out of "
                    + "it. `spanlog verify` names each damage.", cause: error)
        }
    }
}
