import SpanLogFormat
import SpanLogStore

/// The part of an archive that one partition becomes: chunks of traces in order, and summaries.
struct ArchiveRun: Sendable {
    /// Chunks of the table `traces`, with their keys.
    fileprivate(set) var traces: [Entry] = []
    /// Chunks of the table `quarantine`, without keys.
    fileprivate(set) var quarantine: [[UInt8]] = []
    /// The summaries of the traces.
    fileprivate(set) var summaries = SummaryRun()

    struct Entry: Sendable {
        let key: [UInt8]
        let value: [UInt8]
    }
}

/// Lays out the runs of one thread, one after the other.
struct ArchiveRunWriter {
    /// The chunk that traces are being added to.
    var chunk = ChunkWriter()
    /// The summaries of the traces.
    var summaries = SummaryRun()
    private var run = ArchiveRun()
    private var lastID = TraceID(high: 0, low: 0)
    private var lastPart: UInt32 = 0
    private var quarantineChunk = ChunkWriter()
    private let compressor = ChunkCompressor()

    /// Ends an entry of the chunk at hand, of a part of the trace `id`.
    mutating func endEntry(_ id: TraceID, part: UInt32) {
        (lastID, lastPart) = (id, part)
        if chunk.byteCount >= ArchiveFormat.chunkBytesMax { finishChunk() }
    }

    /// A chunk stands under the key of its last entry.
    private mutating func finishChunk() {
        let key = ArchiveFormat.traceKey(lastID, part: lastPart)
        run.traces.append(.init(key: key, value: chunk.finish(with: compressor)))
    }

    /// Adds a record that can be in no trace.
    mutating func setAside(_ record: QuarantinedRecord) {
        let start = quarantineChunk.begin()
        record.encode(into: &quarantineChunk.writer)
        quarantineChunk.writer.endMessage(start)
        if quarantineChunk.byteCount >= ArchiveFormat.chunkBytesMax { finishQuarantine() }
    }

    private mutating func finishQuarantine() {
        run.quarantine.append(quarantineChunk.finish(with: compressor))
    }

    /// Ends the chunks at hand, and gives away what was laid out since the last time.
    mutating func finish() -> ArchiveRun {
        if chunk.isStarted { finishChunk() }
        if quarantineChunk.isStarted { finishQuarantine() }
        defer {
            run = ArchiveRun()
            summaries.removeAll()
        }
        run.summaries = summaries.sorted()
        return run
    }
}
