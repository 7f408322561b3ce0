import Dispatch
import SpanLogFormat
import Synchronization

/// The writer thread's work: wait, take what has gathered, append it, tell who waits for it.
final class WriterCore: Sendable {
    let spool: Spool
    private let requests = Mutex(Requests())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let appender: Mutex<BlockAppender>
    /// The drops that the last block holds.
    private let storedDrops = Mutex(DropCounters())
    private let flushIntervalNanoseconds: UInt64
    private let onTick: @Sendable () -> Void
    private let onFailure: @Sendable (StoreError?) -> Void

    /// What other threads ask of this one.
    private struct Requests {
        var isWoken = false
        var isStopping = false
        var isStopped = false
        /// Why the last batches could not be written, once the thread has stopped.
        var lastFailure: StoreError?
        var flushes: [@Sendable (StoreError?) -> Void] = []
    }

    init(
        spool: Spool, appender: consuming sending BlockAppender, options: StoreWriter.Options,
        onTick: @escaping @Sendable () -> Void,
        onFailure: @escaping @Sendable (StoreError?) -> Void
    ) {
        self.spool = spool
        self.appender = Mutex(appender)
        // A year is as good as never, and keeps the sums with the clock within their bounds.
        flushIntervalNanoseconds = min(options.flushIntervalNanoseconds, 31_536_000_000_000_000)
        self.onTick = onTick
        self.onFailure = onFailure
    }

    /// Lets the thread look after full chunks at once.
    func wake() {
        request { _ in }
    }

    /// Calls `completion` once what has ended by now was written, and before that, if asked to,
    /// refuses further spans and ends the thread.
    func flush(
        isLast: Bool = false, _ completion: @escaping @Sendable (StoreError?) -> Void
    ) {
        let (isStopped, failure) = request { requests in
            if !requests.isStopped { requests.flushes.append(completion) }
            if isLast { requests.isStopping = true }
            return (requests.isStopped, requests.lastFailure)
        }
        if isStopped { completion(failure) }
    }

    func stop() {
        request { $0.isStopping = true }
    }

    /// Changes what is asked of the thread, and wakes it.
    @discardableResult
    private func request<Result>(_ change: (inout Requests) -> Result) -> Result {
        let (result, mustSignal) = requests.withLock { requests in
            let result = change(&requests)
            defer { requests.isWoken = true }
            return (result, !requests.isWoken)
        }
        if mustSignal { wakeUp.signal() }
        return result
    }
}

extension WriterCore {
    /// The body of the thread.
    func run() {
        var pending = PendingBatches()
        var lastDrain = Clocks.boottime()
        while true {
            let isDue = wait(until: lastDrain + flushIntervalNanoseconds)
            // What is asked is taken before the spans, so that a flush covers all that had ended.
            let (flushes, isStopping) = takeRequests()
            if isStopping { spool.close() }
            let includingCurrent = isDue || isStopping || !flushes.isEmpty
            pending.add(spool.take(includingCurrent: includingCurrent))
            if isStopping { pending.add(lastWords) }
            if includingCurrent { lastDrain = Clocks.boottime() }
            spool.beat()
            onTick()
            write(&pending)
            if isStopping { return stop(pending, flushes) }
            for flush in flushes { flush(pending.failure) }
        }
    }

    /// Waits until the time has come or somebody asks for something.
    ///
    /// - Returns: Whether the time has come.
    private func wait(until deadline: UInt64) -> Bool {
        let now = Clocks.boottime()
        guard now < deadline else { return true }
        let timeout = DispatchTime.now() + .nanoseconds(Int(deadline - now))
        return wakeUp.wait(timeout: timeout) == .timedOut || Clocks.boottime() >= deadline
    }

    private func takeRequests() -> (
        flushes: [@Sendable (StoreError?) -> Void], isStopping: Bool
    ) {
        requests.withLock { requests in
            defer {
                requests.flushes = []
                requests.isWoken = false
            }
            return (requests.flushes, requests.isStopping)
        }
    }

    private func write(_ pending: inout PendingBatches) {
        while let batch = pending.first {
            if let error = append(batch) {
                if pending.failure == nil { onFailure(error) }
                pending.failure = error
                return
            }
            if pending.failure != nil { onFailure(nil) }
            pending.failure = nil
            pending.removeFirst()
            spool.release(batch)
        }
    }

    private func append(_ batch: SpanBatch) -> StoreError? {
        let drops = spool.drops
        let block = spool.block(of: batch, drops: drops)
        return appender.withLock { appender in
            do throws(StoreError) {
                try appender.append(block, sequence: batch.summary.sequence)
                storedDrops.withLock { $0 = drops }
                return nil
            } catch {
                return error
            }
        }
    }

    /// What a recorder that ends has still to say: the spans that are open, which will not be heard
    /// of any more, and what was lost since the last block.
    private var lastWords: [SpanBatch] {
        let open = spool.openSpans()
        guard open.count > 0 || storedDrops.withLock({ $0 }) != spool.drops else { return [] }
        let summary = BlockSealer.Summary(
            sequence: spool.takeSequence(), spanCount: open.count, earliestNanoseconds: 0,
            latestNanoseconds: 0)
        return [SpanBatch(summary: summary, source: .memory(entries: open.entries))]
    }

    /// Leaves the store as it is to stay, and then tells who waits for that.
    private func stop(
        _ pending: PendingBatches, _ flushes: [@Sendable (StoreError?) -> Void]
    ) {
        // A spool that still holds spans stays, and readers find them there.
        if pending.first == nil { spool.remove() }
        for batch in pending.batches { spool.giveUp(batch) }
        let late = requests.withLock { requests in
            requests.isStopped = true
            requests.lastFailure = pending.failure
            return requests.flushes
        }
        for flush in flushes + late { flush(pending.failure) }
    }
}

/// Batches that are taken from the spool and not yet durable, by sequence.
private struct PendingBatches {
    private(set) var batches: [SpanBatch] = []
    /// Why the first batch could not be written, if it was tried.
    var failure: StoreError?

    var first: SpanBatch? { batches.first }

    mutating func add(_ batches: [SpanBatch]) {
        self.batches += batches
    }

    mutating func removeFirst() {
        batches.removeFirst()
    }
}
