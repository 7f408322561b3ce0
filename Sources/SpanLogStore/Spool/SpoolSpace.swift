import Dispatch
import SpanLogFormat
import Synchronization

/// What the lanes of a spool share: the mapped memory, its free chunks and slots, the numbers of the
/// blocks to be, and the counters of what was lost.
final class SpoolSpace: Sendable {
    let mapping: SpoolMapping
    let largeSpans: LargeSpans
    /// How long a span that ends waits for room; 0 for not at all.
    private let waitNanoseconds: UInt64
    private let freeChunks: Mutex<[Int]>
    private let freeSlots: Mutex<[Int32]>
    private let fullChunks = Mutex<[GatheringChunk]>([])
    private let waiting = Mutex<[DispatchSemaphore]>([])
    private let nextSequence = Atomic<UInt64>(0)
    /// How many lanes are in use: one, and more as soon as threads meet in it, so that few threads
    /// fill few chunks, and many do not wait for each other.
    private let lanesInUse = Atomic<Int>(1)
    private let fullChunkObserver = Mutex<(@Sendable () -> Void)?>(nil)

    static let laneCountMax = 16

    init(_ mapping: SpoolMapping, _ largeSpans: LargeSpans, waitNanoseconds: UInt64) {
        self.mapping = mapping
        self.largeSpans = largeSpans
        self.waitNanoseconds = waitNanoseconds
        freeChunks = Mutex(Array((0..<mapping.layout.chunkCount).reversed()))
        freeSlots = Mutex((0..<Int32(mapping.layout.slotCount)).reversed())
    }

    /// A sequence number for a block.
    func takeSequence() -> UInt64 {
        nextSequence.wrappingAdd(1, ordering: .relaxed).oldValue
    }
}

// MARK: Lanes

extension SpoolSpace {
    /// How many lanes are in use: a power of two.
    var laneCount: Int { lanesInUse.load(ordering: .relaxed) }

    /// Doubles the number of lanes in use, up to the greatest one.
    func addLanes() {
        let count = laneCount
        guard count < Self.laneCountMax else { return }
        _ = lanesInUse.compareExchange(expected: count, desired: 2 * count, ordering: .relaxed)
    }
}

// MARK: Slots

extension SpoolSpace {
    func takeSlots(atMost count: Int) -> [Int32] {
        freeSlots.withLock { free in
            let taken = Array(free.suffix(count))
            free.removeLast(taken.count)
            return taken
        }
    }

    func returnSlots(_ slots: ArraySlice<Int32>) {
        freeSlots.withLock { $0 += slots }
    }
}

// MARK: Chunks

extension SpoolSpace {
    func takeChunk() -> GatheringChunk? {
        guard let index = freeChunks.withLock({ $0.popLast() }) else { return nil }
        let sequence = takeSequence()
        let offset = mapping.layout.chunkOffset(index) + SpoolLayout.Chunk.sequence
        unsafe mapping.memory.atomic(offset).pointee.store(sequence + 1, ordering: .releasing)
        return GatheringChunk(index: index, sequence: sequence)
    }

    func addFullChunk(_ chunk: GatheringChunk) {
        fullChunks.withLock { $0.append(chunk) }
    }

    func takeFullChunks() -> [GatheringChunk] {
        fullChunks.withLock { full in
            defer { full = [] }
            return full
        }
    }

    func releaseChunk(_ index: Int) {
        let offset = mapping.layout.chunkOffset(index)
        unsafe mapping.memory.atomic(offset + SpoolLayout.Chunk.extent).pointee
            .store(0, ordering: .releasing)
        unsafe mapping.memory.atomic(offset + SpoolLayout.Chunk.sequence).pointee
            .store(0, ordering: .releasing)
        unsafe mapping.memory.atomic(offset + SpoolLayout.Chunk.use).pointee
            .wrappingAdd(1, ordering: .releasing)
        freeChunks.withLock { $0.append(index) }
        tellOfRoom()
    }
}

// MARK: Full and empty

extension SpoolSpace {
    /// Called when a chunk has become full, on the thread that filled it.
    func observeFullChunks(_ observer: @escaping @Sendable () -> Void) {
        fullChunkObserver.withLock { $0 = observer }
    }

    func tellOfFullChunk() {
        fullChunkObserver.withLock { $0 }?()
    }

    /// The wait of one span for room, which ends at the latest when its time is over.
    struct Wait {
        fileprivate let deadline: DispatchTime
        fileprivate let isRoom = DispatchSemaphore(value: 0)
    }

    /// Begins to wait. The time that a span may wait runs from here.
    func beginWait() -> Wait {
        Wait(deadline: .now() + .nanoseconds(Int(waitNanoseconds)))
    }

    /// Waits until there may be room for a span, or the time for that is over.
    ///
    /// - Returns: Whether it is worth another try.
    func waitForRoom(_ wait: Wait) -> Bool {
        guard waitNanoseconds > 0, DispatchTime.now() < wait.deadline else { return false }
        let isRoom = wait.isRoom
        waiting.withLock { $0.append(isRoom) }
        defer { waiting.withLock { $0.removeAll { $0 === isRoom } } }
        // A chunk that was released before the line above has not signalled.
        guard freeChunks.withLock({ $0.isEmpty }) else { return true }
        tellOfFullChunk()
        return isRoom.wait(timeout: wait.deadline) == .success
    }

    private func tellOfRoom() {
        guard waitNanoseconds > 0 else { return }
        let waiting = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for waiter in waiting { waiter.signal() }
    }
}

// MARK: Drops

extension SpoolSpace {
    /// A reason to lose a span, or a part of it, in the order of ``DropCounters/all``.
    enum Drop: Int {
        case bufferFull = 0
        case writeFailed = 1
        case tooLarge = 2
        case afterShutdown = 3
        /// Nothing of the span is lost unless the process dies before it ends.
        case openTableFull = 4
        /// The span is stored, without its content.
        case redactionFailed = 5
    }

    func count(_ drop: Drop, _ count: UInt64 = 1) {
        let offset = SpoolLayout.Header.drops + drop.rawValue * 8
        unsafe mapping.memory.atomic(offset).pointee.wrappingAdd(count, ordering: .relaxed)
    }

    var drops: DropCounters {
        DropCounters(
            (0..<8).map { index in
                let offset = SpoolLayout.Header.drops + index * 8
                return unsafe mapping.memory.atomic(offset).pointee.load(ordering: .relaxed)
            })
    }
}
