import SpanLogFormat
import Synchronization

/// The part of a spool that few threads write into at a time, under one short lock.
///
/// Spans begin and end here. One that ends is copied into a chunk without a system call.
package final class SpoolLane: Sendable {
    private let space: SpoolSpace
    private let memory: SpoolMemory
    /// The bytes of the largest span that goes into a chunk.
    private let spanByteCountMax: Int
    private let state = Mutex(State())
    /// A free slot that can be taken without the lock, or −1. Only who has the lock puts one here.
    private let spareSlot = Atomic<Int32>(-1)

    private struct State {
        /// The chunk that is gathering, or `nil` before the first span.
        var chunk: GatheringChunk?
        /// Free slots of the table of open spans, kept here so that most spans take one without
        /// asking the others.
        var freeSlots: [Int32] = []
        /// Whether the recorder takes no spans any more.
        var isClosed = false
    }

    /// How many slots a lane takes from the others, or gives back, at a time.
    private static let slotBatch = 64

    init(_ space: SpoolSpace) {
        self.space = space
        memory = space.mapping.memory
        spanByteCountMax = min(memory.spanByteCountMax, space.largeSpans.spanBytesMax)
    }

    @inline(__always)
    private func enter<Result>(
        _ body: (inout sending State) -> sending Result
    ) -> sending Result {
        if let result = state.withLockIfAvailable(body) { return result }
        space.addLanes()
        return state.withLock(body)
    }
}

// MARK: Spans begin

extension SpoolLane {
    /// A draft of a span that starts. From here on the span survives the process as unfinished.
    package func begin(
        _ head: SpanDraft.Head, name: String, traceState: String = ""
    ) -> SpanDraft {
        guard let slot = takeSlot() else {
            space.count(.openTableFull)
            var draft = SpanDraft()
            draft.begin(head, name: name, traceState: traceState)
            return draft
        }
        var draft = unsafe SpanDraft(slot: slot, content: memory.slotContent(slot))
        draft.begin(head, name: name, traceState: traceState)
        memory.setState(slot, SpoolLayout.Slot.isOpen, isNextUse: true)
        return draft
    }

    private func takeSlot() -> Int? {
        let spare = spareSlot.exchange(-1, ordering: .acquiring)
        return spare >= 0 ? Int(spare) : takeSlotUnderLock()
    }

    private func takeSlotUnderLock() -> Int? {
        enter { state in
            if let slot = state.freeSlots.popLast() { return Int(slot) }
            state.freeSlots = space.takeSlots(atMost: Self.slotBatch)
            return state.freeSlots.popLast().map(Int.init)
        }
    }

    private func free(_ slot: Int, _ state: inout State) {
        memory.setState(slot, SpoolLayout.Slot.isFree)
        if spareSlot.load(ordering: .relaxed) < 0 {
            return spareSlot.store(Int32(truncatingIfNeeded: slot), ordering: .releasing)
        }
        state.freeSlots.append(Int32(slot))
        guard state.freeSlots.count > 2 * Self.slotBatch else { return }
        space.returnSlots(state.freeSlots.suffix(Self.slotBatch))
        state.freeSlots.removeLast(Self.slotBatch)
    }

    private func free(_ slot: Int?) {
        if let slot { state.withLock { free(slot, &$0) } }
    }
}

// MARK: Spans end

extension SpoolLane {
    /// Takes a span that has ended, or counts why it could not. Nothing is left in the draft.
    package func end(_ draft: inout SpanDraft, at end: UInt64, start: UInt64) {
        draft.finish(at: end)
        unsafe draft.withBytes { unsafe append($0, slot: draft.slot, start: start, end: end) }
        draft.close()
    }

    /// Records a span that can never end as unfinished. Nothing is left in the draft.
    package func abandon(_ draft: inout SpanDraft) {
        let now = Clocks.realtime()
        let span = UnfinishedSpan.span(draft.bytes, lastSeenNanoseconds: now)
        unsafe span.withUnsafeBufferPointer {
            unsafe append($0, slot: draft.slot, start: now, end: now)
        }
        draft.close()
    }

    /// Takes the bytes of an OTLP `Span` that has ended, or counts why it could not.
    package func append(_ span: [UInt8], start: UInt64, end: UInt64) {
        unsafe span.withUnsafeBufferPointer { unsafe append($0, slot: nil, start: start, end: end) }
    }

    private func append(
        _ span: UnsafeBufferPointer<UInt8>, slot: Int?, start: UInt64, end: UInt64
    ) {
        if let slot { memory.setState(slot, SpoolLayout.Slot.isEnding) }
        guard span.count <= spanByteCountMax else {
            unsafe appendLarge(span, start, end)
            return free(slot)
        }
        var outcome = enter { unsafe tryAppend(span, slot, start, end, &$0) }
        if outcome == .noRoom {
            // Another thread may have taken the room by the time that this one tries again.
            let wait = space.beginWait()
            while outcome == .noRoom, space.waitForRoom(wait) {
                outcome = enter { unsafe tryAppend(span, slot, start, end, &$0) }
            }
        }
        switch outcome {
        case .taken: return
        case .takenInNextChunk: space.tellOfFullChunk()
        case .noRoom: space.count(.bufferFull)
        case .closed: space.count(.afterShutdown)
        }
        if outcome != .takenInNextChunk { free(slot) }
    }

    private enum Outcome {
        case taken
        /// The span is the first one of a chunk, and the one before is full.
        case takenInNextChunk
        case noRoom
        case closed
    }

    private func tryAppend(
        _ span: UnsafeBufferPointer<UInt8>, _ slot: Int?, _ start: UInt64, _ end: UInt64,
        _ state: inout State
    ) -> Outcome {
        if state.isClosed { return .closed }
        var outcome = Outcome.taken
        if let chunk = state.chunk, !memory.hasRoom(chunk, forSpanOf: span.count) {
            space.addFullChunk(chunk)
            state.chunk = nil
            outcome = .takenInNextChunk
        }
        if state.chunk == nil { state.chunk = space.takeChunk() }
        guard state.chunk != nil else {
            if outcome == .takenInNextChunk { space.tellOfFullChunk() }
            return .noRoom
        }
        unsafe memory.write(span, to: &state.chunk!)
        state.chunk!.cover(start, end)
        if let slot { free(slot, &state) }
        return outcome
    }
}

// MARK: Large spans

extension SpoolLane {
    private func appendLarge(
        _ span: UnsafeBufferPointer<UInt8>, _ start: UInt64, _ end: UInt64
    ) {
        let large = space.largeSpans
        guard span.count <= large.spanBytesMax else { return space.count(.tooLarge) }
        guard large.reserve(span.count) else { return space.count(.bufferFull) }
        let batch = unsafe large.write(
            Array(span), sequence: space.takeSequence(), start: start, end: end,
            drops: space.drops)
        // Under the lock, so that a writer that has closed the lane does not miss it.
        let isTaken = state.withLock { state in
            if !state.isClosed { large.add(batch) }
            return !state.isClosed
        }
        if isTaken {
            space.tellOfFullChunk()
        } else {
            space.count(.afterShutdown)
            large.release(batch)
        }
    }
}

// MARK: For the writer

extension SpoolLane {
    /// The chunk that is gathering, if its sequence is less than `sequence`; the next span begins
    /// another.
    func takeGathering(before sequence: UInt64) -> SpanBatch? {
        state.withLock { state in
            guard let chunk = state.chunk, chunk.sequence < sequence else { return nil }
            state.chunk = nil
            return SpanBatch(chunk)
        }
    }

    /// Refuses spans from now on. What was taken before is in a chunk when this returns.
    func close() {
        state.withLock { $0.isClosed = true }
    }
}
