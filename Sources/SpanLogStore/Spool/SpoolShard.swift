import Synchronization

/// The part of a spool that few threads write into at a time, under one short lock.
final class SpoolShard: Sendable {
    let state = Mutex(State())

    struct State {
        /// The chunk that is gathering, or `nil` before the first span.
        var chunk: GatheringChunk?
        /// Free slots of the table of open spans, kept here so that most spans take one without
        /// asking the others.
        var freeSlots: [Int32] = []
        /// Whether the recorder takes no spans any more.
        var isClosed = false
    }
}

/// A chunk of the spool that takes entries.
struct GatheringChunk {
    let index: Int
    let sequence: UInt64
    var byteCount = 0
    var spanCount = 0
    var earliestNanoseconds = UInt64.max
    var latestNanoseconds: UInt64 = 0
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
