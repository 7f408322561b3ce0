import CSpanLogSystem
import SpanLogFormat
import Synchronization

/// A recorder's memory that survives its process: spans that have ended and are in no block yet,
/// and the spans that are open.
///
/// Each chunk of ended spans becomes one block, and knows from its first span which sequence number
/// that block will have: a reader that finds the block in a segment ignores the chunk, and one that
/// does not takes it.
package final class Spool: Sendable {
    /// Where spans begin and end: few are in use unless many threads meet.
    package let lanes: [SpoolLane]
    private let space: SpoolSpace
    private let sealer: BlockSealer
    /// How large a spool is.
    package struct Options: Sendable {
        package var chunkByteCount = 1 << 20
        package var chunkCount = 32
        /// How many open spans survive the process.
        package var slotCount = 8192
        /// The bytes of the largest span, and of all the spans that are larger than a chunk and
        /// wait for the disk.
        package var spanBytesMax = 256 << 20
        /// How long a span that ends while there is no room waits for some; 0 for not at all.
        package var waitNanoseconds: UInt64 = 0

        package init() {}
    }

    /// Makes a spool in `directory`.
    init(
        in directory: StoreDirectory, _ sealer: BlockSealer, options: Options
    ) throws(SystemError) {
        let layout = SpoolLayout(
            chunkCount: options.chunkCount, chunkByteCount: options.chunkByteCount,
            slotCount: options.slotCount, resourceByteCount: sealer.resource.count,
            scopeByteCount: sealer.scope.count)
        let name = StoreDirectory.spoolName(of: sealer.recorderID)
        let mapping = try SpoolMapping(creating: directory.filePath(name), layout: layout)
        mapping.memory.writeHeader(
            recorderID: sealer.recorderID, bootID: sealer.bootID, resource: sealer.resource,
            scope: sealer.scope)
        let large = LargeSpans(in: directory, sealer, spanBytesMax: options.spanBytesMax)
        let space = SpoolSpace(mapping, large, waitNanoseconds: options.waitNanoseconds)
        self.space = space
        self.sealer = sealer
        lanes = (0..<SpoolSpace.laneCountMax).map { _ in SpoolLane(space) }
        beat()
    }

    /// Removes the file. Only for a spool whose spans are all in blocks.
    func remove() {
        try? FileSystem.removeFile(space.mapping.path)
    }
}

// MARK: Lanes

extension Spool {
    /// The place in ``lanes`` of the one for the calling thread.
    ///
    /// Lanes go by the core that the thread runs on, so that threads that run at the same time are in
    /// lanes of their own as soon as two of them have met in one.
    package var laneIndex: Int {
        max(0, Int(sched_getcpu())) & (space.laneCount - 1)
    }

    /// Takes the bytes of an OTLP `Span` that has ended, or counts why it could not.
    package func append(_ span: [UInt8], start: UInt64, end: UInt64) {
        lanes[laneIndex].append(span, start: start, end: end)
    }
}

// MARK: For the writer

extension Spool {
    /// Called when a chunk has become full, on the thread that filled it.
    func observeFullChunks(_ observer: @escaping @Sendable () -> Void) {
        space.observeFullChunks(observer)
    }

    /// What is to be written, by sequence: what is full, and at the caller's wish what is still
    /// gathering.
    ///
    /// What is gathering under a lesser number than something full comes along, so that what is in
    /// the segments is always the beginning of what will be.
    func take(includingCurrent: Bool) -> [SpanBatch] {
        // The lanes before what is full: a chunk that was in one of them is then in either.
        var taken = takeGathering(before: includingCurrent ? .max : 0) + takeFull()
        let last = taken.map(\.summary.sequence).max() ?? 0
        taken += takeGathering(before: last)
        return taken.sorted { $0.summary.sequence < $1.summary.sequence }
    }

    private func takeGathering(before sequence: UInt64) -> [SpanBatch] {
        lanes.compactMap { $0.takeGathering(before: sequence) }
    }

    private func takeFull() -> [SpanBatch] {
        space.takeFullChunks().map(SpanBatch.init) + space.largeSpans.take()
    }

    /// The block of a batch that was taken.
    func block(of batch: SpanBatch, drops: DropCounters) -> [UInt8] {
        switch batch.source {
        case .chunk(let index, let byteCount):
            let entries = space.mapping.memory.entries(ofChunk: index, byteCount: byteCount)
            return sealer.sealed(entries, batch.summary, drops: drops)
        case .file(_, let block): return block
        case .memory(let entries): return sealer.sealed(entries, batch.summary, drops: drops)
        }
    }

    /// Makes room again, once the block of a batch is durable.
    func release(_ batch: SpanBatch) {
        switch batch.source {
        case .chunk(let index, _): space.releaseChunk(index)
        case .file: space.largeSpans.release(batch)
        case .memory: break
        }
    }

    /// Counts what is lost with a batch that the writer ends without having written: a large span
    /// whose file could not be made. Everything else stays in the spool.
    func giveUp(_ batch: SpanBatch) {
        if space.largeSpans.isWithoutFile(batch) { space.count(.writeFailed) }
    }

    /// A sequence number for a block that comes from no chunk.
    func takeSequence() -> UInt64 { space.takeSequence() }

    /// Refuses spans from now on. What was taken before is in a chunk when this returns.
    func close() {
        for lane in lanes { lane.close() }
    }

    /// The spans that are open, as entries of a block.
    func openSpans() -> (entries: [UInt8], count: Int) {
        let now = Clocks.realtime()
        var entries: [UInt8] = []
        var count = 0
        for slot in 0..<space.mapping.layout.slotCount {
            guard let content = space.mapping.memory.openContent(slot) else { continue }
            entries += UnfinishedSpan.entry(content, lastSeenNanoseconds: now)
            count += 1
        }
        return (entries, count)
    }

    /// Tells readers when the recorder was last alive.
    func beat() {
        let boottime = Clocks.boottime()
        unsafe space.mapping.memory.atomic(SpoolLayout.Header.clockOffset).pointee
            .store(Clocks.realtime() &- boottime, ordering: .relaxed)
        unsafe space.mapping.memory.atomic(SpoolLayout.Header.lastSeenBoottime).pointee
            .store(boottime, ordering: .releasing)
    }

    /// Counts a span that was stored without its content.
    package func countFailedRedaction() { space.count(.redactionFailed) }

    /// What was lost so far.
    var drops: DropCounters { space.drops }
}
