import SpanLogFormat
import Synchronization

/// What lies between the threads that end spans and the one that writes them.
///
/// It is bounded: what does not fit is counted and dropped, and nobody waits.
final class SpanQueue: Sendable {
    private let state: Mutex<State>
    private let blockBytesMax: Int
    private let bufferBytesMax: Int
    private let spanBytesMax: Int

    struct State {
        var current = GatheredSpans()
        var full: [GatheredSpans] = []
        var drops = DropCounters()
        /// Bytes accepted and not yet durable.
        var bufferedByteCount = 0
        /// Spans accepted since the start.
        var acceptedCount: UInt64 = 0
        var isClosed = false
    }

    init(blockBytesMax: Int, bufferBytesMax: Int, spanBytesMax: Int) {
        self.blockBytesMax = blockBytesMax
        self.bufferBytesMax = bufferBytesMax
        self.spanBytesMax = spanBytesMax
        state = Mutex(State())
    }

    /// Takes a span, or counts why it could not.
    ///
    /// - Returns: Whether a block is full now, so that the writer should be woken.
    func append(_ span: [UInt8], start: UInt64, end: UInt64) -> Bool {
        state.withLock { state in
            guard !state.isClosed else {
                state.drops.afterShutdown += 1
                return false
            }
            guard span.count <= spanBytesMax else {
                state.drops.tooLarge += 1
                return false
            }
            guard state.bufferedByteCount < bufferBytesMax else {
                state.drops.bufferFull += 1
                return false
            }
            let gathered = state.current.entries.count
            state.current.append(span, start: start, end: end)
            // What is released later is the entry, which is longer than the span.
            state.bufferedByteCount += state.current.entries.count - gathered
            state.acceptedCount += 1
            guard state.current.entries.count >= blockBytesMax else { return false }
            state.full.append(state.current)
            state.current = GatheredSpans()
            return true
        }
    }

    /// What waits to be written, oldest first: full blocks, and at the caller's wish the one that
    /// is still gathering.
    func take(includingCurrent: Bool) -> [GatheredSpans] {
        state.withLock { state in
            var taken = state.full
            state.full = []
            if includingCurrent, !state.current.isEmpty {
                taken.append(state.current)
                state.current = GatheredSpans()
            }
            return taken
        }
    }

    /// Frees the room of spans that are durable now.
    func release(byteCount: Int) {
        state.withLock { $0.bufferedByteCount -= byteCount }
    }

    /// Refuses spans from now on.
    func close() {
        state.withLock { $0.isClosed = true }
    }

    /// Counts spans that could not be written.
    func countWriteFailures(_ count: UInt64) {
        state.withLock { $0.drops.writeFailed += count }
    }

    var drops: DropCounters { state.withLock(\.drops) }
    var acceptedCount: UInt64 { state.withLock(\.acceptedCount) }
}
