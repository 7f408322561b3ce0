import SpanLogFormat
import SpanLogMerge
import SpanLogStore
import SpanLogTestSupport

/// The archive of some stores, and what the merge said of it.
struct Merged {
    let path: String
    let report: MergeReport
    let archive: ArchiveReader

    /// Merges the stores at `stores` into a new archive of the test's folder.
    init(
        _ stores: [String], to name: String = "archive", _ options: Merge.Options = .init()
    ) throws {
        path = Scratch.path(name)
        let merge = Merge(stores: try stores.map { try Store($0) }, options: options)
        report = try merge.write(to: path)
        archive = try ArchiveReader(path)
    }

    /// Writes `blocks` as one store, each recorder's into a segment of its own, and merges it.
    init(_ blocks: [CraftedBlock], to name: String = "archive") throws {
        let store = Scratch.path("store of \(name)")
        try Self.write(blocks, toStore: store)
        try self.init([store], to: name)
    }

    static func write(_ blocks: [CraftedBlock], toStore store: String) throws {
        for blocks in Dictionary(grouping: blocks, by: \.recorder).values {
            try CraftedBlock.write(blocks.sorted { $0.sequence < $1.sequence }, toStore: store)
        }
    }

    /// Every entry of the tables that hold records. The report is left out: it names the stores.
    func content() throws -> [Entry] {
        let file = try LMDBFile(ReadOnlyFile(path))
        var entries: [Entry] = []
        for name in ["traces", "index", "quarantine"] {
            guard let table = try file.table(name) else { continue }
            try table.forEachEntry { entry in
                entries.append(
                    Entry(table: name, key: entry.key, value: try table.value(of: entry)))
                return true
            }
        }
        return entries
    }

    struct Entry: Hashable {
        let table: String
        let key: [UInt8]
        let value: [UInt8]
    }

    /// The names of the spans in all traces, sorted.
    func spanNames() throws -> [String] {
        try archive.traceIDs().flatMap { try archive.trace($0)?.spans ?? [] }
            .map(\.record.name).sorted()
    }
}

extension SpanRecord {
    /// A span of the trace 7 unless another is named, of one nanosecond.
    static func span(
        _ id: UInt64, parent: UInt64? = nil, trace: UInt64 = 7, start: UInt64 = 100,
        name: String? = nil
    ) -> SpanRecord {
        SpanRecord(
            traceID: TraceID(high: 0, low: trace), spanID: SpanID(id),
            parentSpanID: parent.map { SpanID($0) }, name: name ?? "span \(id)",
            startNanoseconds: start, endNanoseconds: start + 1)
    }
}
