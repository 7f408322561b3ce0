import SpanLogFormat
import SpanLogStore

/// The part of an archive that one partition becomes: chunks of traces in order, and summaries.
struct ArchiveRun: Sendable {
    /// Chunks of the table `traces`, with their keys.
    private(set) var traces: [Entry] = []
    /// Chunks of the table `quarantine`, without keys.
    private(set) var quarantine: [[UInt8]] = []
    /// The summaries of the traces.
    var summaries = SummaryRun()

    struct Entry: Sendable {
        let key: [UInt8]
        let value: [UInt8]
    }

    /// The chunk that traces are being added to.
    var chunk = ChunkWriter()
    private var lastID = TraceID(high: 0, low: 0)
    private var lastPart: UInt32 = 0
    private var quarantineChunk = ChunkWriter()

    /// Ends an entry of the chunk at hand, of a part of the trace `id`.
    mutating func endEntry(_ id: TraceID, part: UInt32) {
        (lastID, lastPart) = (id, part)
        if chunk.byteCount >= ArchiveFormat.chunkBytesMax { finishChunk() }
    }

    /// A chunk stands under the key of its last entry.
    private mutating func finishChunk() {
        let key = ArchiveFormat.traceKey(lastID, part: lastPart)
        traces.append(Entry(key: key, value: chunk.finish()))
    }

    /// Adds a record that can be in no trace.
    ///
    /// - Returns: The hash of what was added.
    mutating func setAside(_ record: QuarantinedRecord, of origin: Origin) -> UInt128 {
        let start = quarantineChunk.begin()
        record.encode(into: &quarantineChunk.writer)
        quarantineChunk.need(origin)
        let hash = quarantineChunk.end(start)
        if quarantineChunk.byteCount >= ArchiveFormat.chunkBytesMax {
            quarantine.append(quarantineChunk.finish())
        }
        return hash
    }

    /// Ends the chunks at hand.
    mutating func finish() {
        if chunk.isStarted { finishChunk() }
        if quarantineChunk.isStarted { quarantine.append(quarantineChunk.finish()) }
        summaries.sort()
    }
}

/// Puts entries together that become one value of an archive.
struct ChunkWriter: Sendable {
    var writer = ProtobufWriter()
    private var origins: [Origin] = []
    private var lastOrigin: Origin?
    private var originsByteCount = 0

    var byteCount: Int { writer.bytes.count + originsByteCount }
    var isStarted: Bool { !writer.bytes.isEmpty }

    /// Begins an entry; ``end(_:)`` ends the one that begins where this says.
    mutating func begin() -> Int {
        if !isStarted {
            writer.bytes.reserveCapacity(ArchiveFormat.chunkBytesMax + (64 << 10))
            writer.bytes += ArchiveChunk.begin()
        }
        return writer.beginMessage(ArchiveFormat.Chunk.entry)
    }

    /// - Returns: The hash of the entry.
    mutating func end(_ start: Int) -> UInt128 {
        writer.endMessage(start)
        return Checksum.xxh128(writer.bytes, start..<writer.bytes.count)
    }

    /// Makes sure that the chunk says what the identifier of `origin` means.
    mutating func need(_ origin: Origin) {
        guard lastOrigin !== origin else { return }
        lastOrigin = origin
        guard !origins.contains(where: { $0 === origin }) else { return }
        origins.append(origin)
        originsByteCount += origin.resource.count + 64
    }

    /// The chunk as a value; another one may be begun afterwards.
    mutating func finish() -> [UInt8] {
        var last: Origin?
        for origin in origins.sorted() where origin != last {
            last = origin
            let start = writer.beginMessage(ArchiveFormat.Chunk.origin)
            origin.encode(into: &writer)
            writer.endMessage(start)
        }
        var value = writer.bytes
        self = ChunkWriter()
        ArchiveChunk.seal(&value)
        return value
    }
}
