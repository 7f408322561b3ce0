import SpanLogFormat
import SpanLogLMDB
import SpanLogStore

/// Gathers the spans of one service on one host, and writes them as a recorder would.
struct HostWriter: ~Copyable {
    let recorderID: RecorderID
    let bootID: [UInt8]
    private let directory: StoreDirectory
    private let shape: StoreShape
    private let resource: [UInt8]
    private let scope: [UInt8]
    private var environment: LMDBEnvironment
    private var compressor = BlockCompressor()
    private var segmentCount = 1
    private var segmentByteCount = 0
    private var sequence: UInt64 = 0
    private var entries = ProtobufWriter()
    private var spanCount: UInt32 = 0
    private var duplicateCount: UInt64 = 0
    private var earliest: UInt64 = .max
    private var latest: UInt64 = 0
    private var waiting: [(sequence: UInt64, block: [UInt8])] = []

    init(
        _ path: String, service: String, host: String, bootID: [UInt8], recorderID: RecorderID,
        _ shape: StoreShape
    ) throws {
        let directory = try StoreDirectory.openForWriting(path)
        environment = try Self.segment(directory, recorderID, 0)
        self.directory = directory
        self.recorderID = recorderID
        self.bootID = bootID
        self.shape = shape
        resource = Resource(attributes: [
            Attribute("service.name", .string(service)), Attribute("host.name", .string(host)),
            Attribute("process.pid", .int(4711)),
            Attribute("service.instance.id", .string(recorderID.description)),
            Attribute("telemetry.sdk.language", .string("swift")),
        ]).encoded()
        scope = TracesData.scope(name: "benchmark", version: "1")
    }

    private static func segment(
        _ directory: StoreDirectory, _ recorderID: RecorderID, _ number: Int
    ) throws -> LMDBEnvironment {
        let name = StoreDirectory.SegmentName(recorderID: recorderID, number: number)
        var options = LMDBEnvironment.Options(mapSizeBytes: 1 << 34)
        options.isLockFree = true
        options.isUnsynced = true
        return try LMDBEnvironment.open(
            path: directory.filePath(name.fileName), options: options)
    }

    /// Takes a serialized span.
    mutating func append(_ span: [UInt8], start: UInt64, end: UInt64, isDuplicate: Bool) {
        entries.data(OTLPField.ScopeSpans.spans, span)
        spanCount += 1
        if isDuplicate { duplicateCount += 1 }
        earliest = min(earliest, start)
        latest = max(latest, end)
    }

    var isFull: Bool { entries.bytes.count >= shape.blockByteCount }

    /// Seals what has gathered.
    mutating func seal(
        wall: UInt64, boottime: UInt64, _ random: inout RandomNumbers,
        _ truth: inout GeneratedTruth
    ) throws {
        guard spanCount > 0 else { return }
        var block = self.block(wall: wall, boottime: boottime)
        if shape.isCompressed { block = compressor?.compressed(block) ?? block }
        let isLost = random.unit() < shape.lossShare
        let isDamaged = truth.shape.damagedBlockCount > 0 && random.below(4) == 0
        if isLost || isDamaged {
            truth.lostSpanCount += UInt64(spanCount)
        } else {
            truth.spanCount += UInt64(spanCount) - duplicateCount
            truth.duplicateCount += duplicateCount
        }
        if isDamaged, !isLost {
            truth.shape.damagedBlockCount -= 1
            block[192 + random.below(1000)] ^= 0x10
        }
        if !isLost { waiting.append((sequence, block)) }
        truth.byteCount += UInt64(block.count)
        sequence += 1
        (spanCount, duplicateCount, earliest, latest) = (0, 0, .max, 0)
        entries.bytes.removeAll(keepingCapacity: true)
        if waiting.count >= 16 { try write() }
    }

    private func block(wall: UInt64, boottime: UInt64) -> [UInt8] {
        let prefix = TracesData.prefix(
            resource: resource, scope: scope, entriesByteCount: entries.bytes.count)
        let header = BlockHeader(
            recorderID: recorderID, sequence: sequence, spanCount: spanCount,
            payloadByteCount: UInt64(prefix.count + entries.bytes.count),
            earliestNanoseconds: earliest, latestNanoseconds: latest,
            anchor: ClockAnchor(
                bootID: bootID, realtimeNanoseconds: wall, boottimeNanoseconds: boottime,
                uncertaintyNanoseconds: 100),
            drops: DropCounters())
        return Block.sealed(header, payload: [prefix, entries.bytes])
    }

    /// Appends the sealed blocks to the segment.
    mutating func write() throws {
        let blocks = waiting
        waiting = []
        try environment.write { transaction in
            let table = try transaction.table("blocks")
            for (sequence, block) in blocks {
                try transaction.append(block, for: sequence.bigEndianBytes, in: table)
            }
        }
        segmentByteCount += blocks.reduce(0) { $0 + $1.block.count }
        guard segmentByteCount > 1 << 30 else { return }
        environment = try Self.segment(directory, recorderID, segmentCount)
        segmentCount += 1
        segmentByteCount = 0
    }
}
