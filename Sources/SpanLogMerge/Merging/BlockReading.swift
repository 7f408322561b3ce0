import Dispatch
import SpanLogStore
import Synchronization

/// Hands the blocks of many stores to several threads: each reads stores of its own, and who has
/// none left helps those that still read.
final class BlockReading: Sendable {
    private let state: Mutex<State>
    private let wakeUp = DispatchSemaphore(value: 0)
    private let isStopped = Atomic(false)

    /// A block, and what it is stored as, if it is.
    typealias StoredBlock = (block: Block, value: [UInt8]?)

    private struct State {
        var stores: [(number: Int, store: Store)]
        var handedOver: [StoredBlock] = []
        var idleCount = 0
        /// Stores that are being read.
        var readerCount = 0

        var isOver: Bool { stores.isEmpty && readerCount == 0 }
    }

    init(_ stores: [Store]) {
        state = Mutex(State(stores: stores.enumerated().reversed().map { ($0, $1) }))
    }

    /// Reads until nothing is left, or somebody stops it. Each thread calls it once.
    ///
    /// - Parameters:
    ///   - report: Called with the place of each store that this thread has read.
    ///   - body: Called with blocks of any store.
    /// - Throws: What `body` throws. The other threads read on unless they are stopped.
    func run(
        report: (Int, StoreReport) -> Void, _ body: (StoredBlock) throws -> Void
    ) throws {
        do {
            while let (number, store) = nextStore() {
                defer { endReading() }
                let result = try StoreReport(store) { block, value, _ in
                    guard !isStopped.load(ordering: .relaxed) else { throw Stopped() }
                    if !handOver((block, value)) { try body((block, value)) }
                }
                report(number, result)
            }
            while let block = takeBlock() { try body(block) }
        } catch is Stopped {}
    }

    private struct Stopped: Error {}

    /// Lets all threads end with their next block.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        state.withLock { state in
            state.stores = []
            state.handedOver = []
        }
    }

    private func nextStore() -> (number: Int, store: Store)? {
        state.withLock { state in
            guard let next = state.stores.popLast() else { return nil }
            state.readerCount += 1
            return next
        }
    }

    /// Gives a block to a thread that has nothing to do.
    ///
    /// - Returns: Whether there is such a thread.
    private func handOver(_ block: StoredBlock) -> Bool {
        let isTaken = state.withLock { state in
            guard state.idleCount > state.handedOver.count else { return false }
            state.handedOver.append(block)
            return true
        }
        if isTaken { wakeUp.signal() }
        return isTaken
    }

    private func endReading() {
        let idleCount = state.withLock { state in
            state.readerCount -= 1
            return state.isOver ? state.idleCount : 0
        }
        for _ in 0..<idleCount { wakeUp.signal() }
    }

    /// Waits for a block, or until nobody reads any more.
    private func takeBlock() -> StoredBlock? {
        while true {
            let (block, isOver) = state.withLock { state -> (StoredBlock?, Bool) in
                if let block = state.handedOver.popLast() { return (block, false) }
                if state.isOver { return (nil, true) }
                state.idleCount += 1
                return (nil, false)
            }
            if block != nil || isOver { return block }
            wakeUp.wait()
            state.withLock { $0.idleCount -= 1 }
        }
    }
}
