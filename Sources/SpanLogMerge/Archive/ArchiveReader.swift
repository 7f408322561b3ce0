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
    private let traces: LMDBTree?
    private let index: LMDBTree?

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
            let meta = try tables.table(ArchiveFormat.meta)
            guard let meta, let format = try meta.value(for: ArchiveFormat.formatKey),
                let report = try meta.value(for: ArchiveFormat.reportKey)
            else { throw Self.notAnArchive(path) }
            guard format == ArchiveFormat.format else { throw Self.newer(path, format) }
            self.report = try MergeReport(decoding: report)
            traces = try tables.table(ArchiveFormat.traces)
            index = try tables.table(ArchiveFormat.index)
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
                guard let id = TraceID(bytes: entry.key.suffix(TraceID.byteCount)),
                    let bytes = try index?.value(of: entry)
                else { return true }
                summaries.append(try TraceSummary(traceID: id, decoding: bytes))
                return true
            }
        }
        return summaries
    }

    /// The trace `id`, or `nil` if the archive does not hold it.
    ///
    /// - Complexity: O(*n*) in the trace's bytes.
    public func trace(_ id: TraceID) throws -> ArchivedTrace? {
        var parts: [[UInt8]] = []
        try reading {
            try traces?.forEachEntry(from: ArchiveFormat.traceKey(id)) { entry in
                guard entry.key.starts(with: id.bytes), let bytes = try traces?.value(of: entry)
                else { return false }
                parts.append(bytes)
                return true
            }
        }
        return parts.isEmpty ? nil : try reading { try ArchivedTrace(id: id, decoding: parts) }
    }

    /// The identifiers of all traces, oldest first.
    ///
    /// - Complexity: O(*n*) in the number of traces, in time and memory.
    public func traceIDs() throws -> [TraceID] {
        var ids: [TraceID] = []
        try reading {
            try index?.forEachEntry { entry in
                if let id = TraceID(bytes: entry.key.suffix(TraceID.byteCount)) { ids.append(id) }
                return true
            }
        }
        return ids
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
