import SpanLogFormat
import Synchronization

extension MergeRun {
    /// Writes the table `index`, range by range on all threads, the first of which runs `solve` before.
    func writeIndex(
        to writer: SharedArchiveWriter?, _ solve: @escaping @Sendable () -> ClockCorrections
    ) throws -> ClockCorrections {
        guard let writer, let summaries = writer.endTraces() else { return solve() }
        let starts = summaries.rangeStarts
        let corrections = Mutex<ClockCorrections?>(nil)
        let next = Atomic(0)
        let turns = Turns<[ArchiveRun.Entry]>(count: starts.count, leftMax: plan.threadCount)
        let failure = FirstFailure()
        inParallel(plan.threadCount) { thread in
            if thread == 0 {
                let solved = solve()
                corrections.withLock { $0 = solved }
            }
            while true {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < starts.count else { break }
                let turn = turns.turn(number)
                failure.catching {
                    guard !failure.isThere else { return }
                    let end = number + 1 < starts.count ? starts[number + 1] : nil
                    let chunks = try indexChunks(summaries, from: starts[number], to: end)
                    try turn.handIn(chunks) { chunks in
                        if !failure.isThere { try writer.append(index: chunks) }
                    }
                }
                turn.end { chunks in
                    failure.catching {
                        if !failure.isThere { try writer.append(index: chunks) }
                    }
                }
            }
        }
        try failure.rethrow()
        return corrections.withLock { $0 } ?? solve()
    }

    private func indexChunks(
        _ summaries: SummaryRuns, from start: UInt64, to end: UInt64?
    ) throws -> [ArchiveRun.Entry] {
        var chunk = ChunkWriter()
        let compressor = ChunkCompressor()
        var last: SummaryRun.Place?
        var chunks: [ArchiveRun.Entry] = []
        func finishChunk() {
            guard let last else { return }
            let id = TraceID(high: last.high, low: last.low)
            let key = ArchiveFormat.indexKey(start: last.start, id)
            chunks.append(.init(key: key, value: chunk.finish(with: compressor)))
        }
        try summaries.forEach(from: start, to: end, readerCount: plan.threadCount) { place, bytes in
            let start = chunk.begin()
            chunk.writer.bytes.append(contentsOf: bytes)
            chunk.writer.endMessage(start)
            last = place
            if chunk.byteCount >= ArchiveFormat.indexChunkBytesMax { finishChunk() }
        }
        if chunk.isStarted { finishChunk() }
        return chunks
    }
}
