import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport

@testable import SpanLogMerge

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

    /// What the archive says, whichever numbers its blocks have. The report is left out: it names the
    /// stores.
    func content() throws -> [Entry] {
        var raw = archive
        raw.readsRawTimes = true
        var entries = try chunks(of: "index")
        for id in try raw.traceIDs() {
            for span in try raw.trace(id)?.spans ?? [] {
                entries.append(
                    Entry(
                        table: "traces", key: id.bytes,
                        value: span.recorderID.bytes + span.resource.encoded()
                            + span.record.encoded()))
            }
        }
        for record in try quarantined() {
            entries.append(Entry(table: "quarantine", key: [record.reason], value: record.bytes))
        }
        return entries
    }

    /// The chunks of a table as they are stored.
    func chunks(of name: String) throws -> [Entry] {
        var entries: [Entry] = []
        let table = try LMDBFile(ReadOnlyFile(path)).table(name)
        try table?.forEachEntry { entry in
            let value = try table?.value(of: entry) ?? []
            entries.append(Entry(table: name, key: entry.key, value: value))
            return true
        }
        return entries
    }

    /// The records that can be in no trace: the number of the reason, and the bytes.
    func quarantined() throws -> [(reason: UInt8, bytes: [UInt8])] {
        var records: [(UInt8, [UInt8])] = []
        for chunk in try chunks(of: "quarantine") {
            let content = try ArchiveChunk.content(of: chunk.value)
            var reader = ProtobufReader(content.bytes, content.payload)
            while let entry = try reader.next() {
                var numbers: [Int: UInt64] = [:]
                var fields = ProtobufReader(content.bytes, try reader.range(entry.value))
                while let field = try fields.next() {
                    if field.number > 1 { numbers[field.number] = try fields.number(field.value) }
                }
                let block = try archive.blocks.block(numbers[3] ?? 0).block
                let places = SpanPlaces(in: block.bytes.span, block.payload)
                let index = Int(numbers[4] ?? 0)
                let range = index < places.spans.count ? places.spans[index] : block.payload
                records.append((UInt8(numbers[2] ?? 0), Array(block.bytes[range])))
            }
        }
        return records
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
