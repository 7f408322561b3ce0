/// A chunk of the spool that takes entries.
struct GatheringChunk {
    let index: Int
    let sequence: UInt64
    var byteCount = 0
    var spanCount = 0
    private(set) var earliestNanoseconds = UInt64.max
    private(set) var latestNanoseconds: UInt64 = 0

    init(index: Int, sequence: UInt64) {
        self.index = index
        self.sequence = sequence
    }

    /// Extends the chunk's range of times by a span.
    mutating func cover(_ start: UInt64, _ end: UInt64) {
        earliestNanoseconds = min(earliestNanoseconds, start)
        latestNanoseconds = max(latestNanoseconds, end)
    }
}

extension SpanBatch {
    init(_ chunk: GatheringChunk) {
        summary = BlockSealer.Summary(
            sequence: chunk.sequence, spanCount: chunk.spanCount,
            earliestNanoseconds: chunk.earliestNanoseconds,
            latestNanoseconds: chunk.latestNanoseconds)
        source = .chunk(chunk.index, byteCount: chunk.byteCount)
    }
}
