import SpanLogFormat
import SpanLogLMDB
import SpanLogStore

/// A block that says whatever a test wants it to say, behind a checksum that is right.
package struct CraftedBlock {
    package var recorder: UInt8 = 1
    package var sequence: UInt64 = 0
    package var service = "test"
    /// Serialized OTLP spans.
    package var spans: [[UInt8]] = []
    /// The payload, or `nil` for the `TracesData` of ``spans``.
    package var payload: [UInt8]?
    /// The number of spans that the header claims, or `nil` for the right one.
    package var claimedSpanCount: UInt32?
    package var drops = DropCounters()
    /// All bytes of the boot id.
    package var boot: UInt8 = 0xB0
    package var host: String?
    /// The anchor: CLOCK_REALTIME and CLOCK_BOOTTIME when the block was sealed.
    package var sealed: (realtime: UInt64, boottime: UInt64) = (3, 4)

    package init(recorder: UInt8 = 1, sequence: UInt64 = 0, _ spans: [SpanRecord] = []) {
        self.recorder = recorder
        self.sequence = sequence
        self.spans = spans.map { $0.encoded() }
    }

    /// The value of the table `blocks`.
    package var bytes: [UInt8] {
        let payload = payload ?? tracesData
        let header = BlockHeader(
            recorderID: .testing(recorder), sequence: sequence,
            spanCount: claimedSpanCount ?? UInt32(spans.count),
            payloadByteCount: UInt64(payload.count), earliestNanoseconds: 1, latestNanoseconds: 2,
            anchor: ClockAnchor(
                bootID: Array(repeating: boot, count: 16), realtimeNanoseconds: sealed.realtime,
                boottimeNanoseconds: sealed.boottime, uncertaintyNanoseconds: 5),
            drops: drops)
        return Block.sealed(header, payload: [payload])
    }

    private var tracesData: [UInt8] {
        var resource = Resource(attributes: [Attribute("service.name", .string(service))])
        if let host { resource.attributes.append(Attribute("host.name", .string(host))) }
        var writer = ProtobufWriter()
        for span in spans { writer.data(OTLPField.ScopeSpans.spans, span) }
        return TracesData.prefix(
            resource: resource.encoded(), scope: TracesData.scope(name: "test", version: "1"),
            entriesByteCount: writer.bytes.count) + writer.bytes
    }
}

extension CraftedBlock {
    /// Writes `blocks`, all of one recorder and in the order of their sequences, as a segment of
    /// the store at `store`.
    package static func write(
        _ blocks: [CraftedBlock], toStore store: String, segment: Int = 0
    ) throws {
        let directory = try StoreDirectory.openForWriting(store)
        let name = StoreDirectory.SegmentName(
            recorderID: .testing(blocks.first?.recorder ?? 1), number: segment)
        try write(
            blocks.map { ($0.sequence.bigEndianBytes, $0.bytes) },
            table: "blocks", path: directory.filePath(name.fileName))
    }

    /// Writes a file of LMDB's with one table, whose keys come in order.
    package static func write(
        _ entries: [(key: [UInt8], value: [UInt8])], table: String, path: String
    ) throws {
        var options = LMDBEnvironment.Options(mapSizeBytes: 1 << 30)
        options.isLockFree = true
        options.isUnsynced = true
        let environment = try LMDBEnvironment.open(path: path, options: options)
        try environment.write { transaction in
            let table = try transaction.table(table)
            for entry in entries { try transaction.append(entry.value, for: entry.key, in: table) }
        }
    }
}
