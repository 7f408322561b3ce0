import SpanLogFormat
public import SpanLogStore

/// Joins the spans of any number of stores into one archive of whole traces.
///
/// The archive depends on the set of records alone, not on the order of the stores.
///
/// ```swift
/// let report = try Merge(stores: Store.find(at: "collected")).write(to: "run.spanlog")
/// ```
public struct Merge: Sendable {
    private let stores: [Store]

    /// How far a merge has come.
    public struct Progress: Sendable {
        /// What is counted.
        public let stage: Stage
        /// How many blocks are read, or spans written.
        public let done: Int
        /// How many there are, or 0 while that is not known.
        public let total: Int

        /// A part of the work.
        public enum Stage: Sendable {
            case reading
            case writing
        }
    }

    /// Prepares a merge. A store that is given twice is read once.
    public init(stores: [Store]) {
        var paths: Set<String> = []
        self.stores = stores.sorted { $0.path < $1.path }.filter { paths.insert($0.path).inserted }
    }

    /// Reads the stores and writes the archive.
    ///
    /// The file appears at `path` once it is whole and durable, or not at all.
    ///
    /// - Parameters:
    ///   - isReplacing: Whether a file that stands at `path` is replaced.
    ///   - progress: Called now and then.
    /// - Returns: What was read, and where it went.
    /// - Throws: ``MergeError``. Damage in a store is no error: what is sound beside it is merged,
    ///   and the report names the rest.
    /// - Complexity: O(*n* log *n*) in the number of spans, whose bytes are all held in memory.
    public func write(
        to path: String, replacing isReplacing: Bool = false,
        progress: (Progress) -> Void = { _ in }
    ) throws -> MergeReport {
        if !isReplacing, (try? FileSystem.kind(of: path)) ?? nil != nil { throw Self.exists(path) }
        var archive = try ArchiveWriter.create(path)
        let report = try write(to: &archive, progress)
        try archive.finish(replacing: isReplacing)
        return report
    }

    private func write(
        to archive: inout ArchiveWriter, _ progress: (Progress) -> Void
    ) throws -> MergeReport {
        var report = MergeReport()
        var collection = SpanCollection()
        for store in stores {
            collection.add(store, to: &report, progress)
        }
        try collection.join(&report, progress) { trace in
            try archive.put(trace)
        }
        for (number, record) in collection.quarantine.sorted().enumerated() {
            try archive.put(record, number: UInt64(number))
        }
        guard report.accounting.isBalanced else {
            throw MergeError(
                .unbalanced,
                "The counts of the merge do not add up, which is an error of spanlog: "
                    + "\(report.accounting). No archive was written; please report it.")
        }
        try archive.put(report)
        return report
    }

    static func exists(_ path: String) -> MergeError {
        MergeError(
            .exists,
            "\(path) exists already: choose another name, or say --overwrite to replace it.")
    }
}

extension ArchiveWriter {
    mutating func put(_ trace: JoinedTrace) throws {
        for (number, part) in trace.parts.enumerated() {
            let key = ArchiveFormat.traceKey(trace.summary.traceID, part: UInt32(number))
            try put(ArchivedTrace.encoded(part), for: key, in: ArchiveFormat.traces)
        }
        let key = ArchiveFormat.indexKey(trace.summary)
        try put(trace.summary.encoded(), for: key, in: ArchiveFormat.index)
    }

    mutating func put(_ record: QuarantinedRecord, number: UInt64) throws {
        try put(record.encoded(), for: number.bigEndianBytes, in: ArchiveFormat.quarantine)
    }

    mutating func put(_ report: MergeReport) throws {
        try put(ArchiveFormat.format, for: ArchiveFormat.formatKey, in: ArchiveFormat.meta)
        try put(try report.json(), for: ArchiveFormat.reportKey, in: ArchiveFormat.meta)
    }
}
