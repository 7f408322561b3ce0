import SpanLogFormat
import Synchronization

/// Spans that are larger than a chunk of the spool: each becomes a block in a file of its own,
/// written by the thread that ends the span, so that the others wait for nothing.
final class LargeSpans: Sendable {
    /// The bytes of the largest span, and of all those that wait for the disk.
    let spanBytesMax: Int
    private let directory: StoreDirectory
    private let sealer: BlockSealer
    private let waiting = Mutex<[SpanBatch]>([])
    private let byteCount = Atomic(0)

    init(in directory: StoreDirectory, _ sealer: BlockSealer, spanBytesMax: Int) {
        self.directory = directory
        self.sealer = sealer
        self.spanBytesMax = spanBytesMax
    }

    /// Makes sure that there is room for a span of this size. One alone always has room.
    func reserve(_ count: Int) -> Bool {
        let before = byteCount.wrappingAdd(count, ordering: .relaxed).oldValue
        guard before > 0, before + count > spanBytesMax else { return true }
        byteCount.wrappingSubtract(count, ordering: .relaxed)
        return false
    }

    /// Writes the file of a span for which room is reserved.
    func write(
        _ span: [UInt8], sequence: UInt64, start: UInt64, end: UInt64, drops: DropCounters
    ) -> SpanBatch {
        let entry = UnfinishedSpan.entry(span, lastSeenNanoseconds: 0)
        let summary = BlockSealer.Summary(
            sequence: sequence, spanCount: 1, earliestNanoseconds: start, latestNanoseconds: end)
        let block = sealer.sealed(entry, summary, drops: drops)
        byteCount.wrappingAdd(block.count - span.count, ordering: .relaxed)
        let path = directory.filePath(StoreDirectory.blockName(sealer.recorderID, sequence))
        // If there is no room for the file, the span still has a chance to reach a segment.
        try? FileSystem.replaceFile(path, with: block)
        return SpanBatch(summary: summary, source: .file(path, block: block))
    }

    /// Hands a span over to the writer.
    func add(_ batch: SpanBatch) {
        waiting.withLock { $0.append(batch) }
    }

    /// What is to be written.
    func take() -> [SpanBatch] {
        waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }

    /// Removes the file of a span, once its block is in a segment.
    func release(_ batch: SpanBatch) {
        guard case .file(let path, let block) = batch.source else { return }
        try? FileSystem.removeFile(path)
        byteCount.wrappingSubtract(block.count, ordering: .relaxed)
    }

    /// Whether the span is nowhere but in memory, because its file could not be made.
    func isWithoutFile(_ batch: SpanBatch) -> Bool {
        guard case .file(let path, _) = batch.source else { return false }
        return (try? FileSystem.kind(of: path)) ?? nil == nil
    }
}
