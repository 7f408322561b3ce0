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
    let traces: LMDBTree?
    private let index: LMDBTree?
    private let quarantine: LMDBTree?

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
            guard format == ArchiveFormat.format else { throw Self.newer(path, format) }
            let content = try ArchiveChunk.content(of: report)
            self.report = try MergeReport(decoding: Array(content.bytes[content.payload]))
            traces = try tables.table(ArchiveFormat.traces)
            index = try tables.table(ArchiveFormat.index)
            quarantine = try tables.table(ArchiveFormat.quarantine)
        } catch let error as MergeError {
            throw error
        } catch {
            throw Self.notAnArchive(path, cause: error)
        }
    }

    private static func notAnArchive(_ path: String, cause: (any Error)? = nil) -> MergeError {
        MergeError(
            .notAnArchive,
            "\(path) is no archive: name the file that `spanlog merge STORE… -o FILE` made.",
            cause: cause)
    }

    private static func newer(_ path: String, _ format: [UInt8]) -> MergeError {
        MergeError(
            .notAnArchive,
            "\(path) has the format \"\(String(decoding: format, as: UTF8.self))\", which this "
                + "version does not know: update spanlog.")
    }
}

extension ArchiveReader {
    /// The number of traces.
    public var traceCount: Int { report.traces.total }
    /// The number of spans.
    public var spanCount: UInt64 { report.accounting.spansOut }

    /// The traces that started last, newest first.
    ///
    /// - Complexity: O(*n*) in `limit`.
    public func newestSummaries(limit: Int) throws -> [TraceSummary] {
        var summaries: [TraceSummary] = []
        try reading {
            try index?.forEachEntry(isReversed: true) { entry in
                guard summaries.count < limit else { return false }
                for summary in try chunk(index, entry).reversed()
                where summaries.count < limit {
                    summaries.append(summary)
                }
                return true
            }
        }
        return summaries
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
            return decoder.trace
        }
    }

    /// The identifiers of all traces, oldest first.
    ///
    /// - Complexity: O(*n*) in the number of traces, in time and memory.
    public func traceIDs() throws -> [TraceID] {
        var ids: [TraceID] = []
        try reading {
            try index?.forEachEntry { entry in
                ids += try chunk(index, entry).map(\.traceID)
                return true
            }
        }
        return ids
    }

    /// Calls the bodies with all chunks of traces, and of records that no trace can hold.
    func forEachChunk(
        _ body: ([UInt8], _ payload: Range<Int>) throws -> Void,
        quarantine quarantineBody: ([UInt8], _ payload: Range<Int>) throws -> Void
    ) throws {
        try forEachChunk(of: traces, body)
        try forEachChunk(of: quarantine, quarantineBody)
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
                try TraceSummary(decoding: content.bytes, try reader.range(field.value)))
        }
        return summaries
    }

    private func reading<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            throw MergeError(
                .damaged, "\(path) is damaged: merge the stores again.", cause: error)
        }
    }
}
