import Dispatch
import SpanLogFormat
import Synchronization

/// The writer thread's work: wait, take what has gathered, append it, tell who waits for it.
final class WriterCore: Sendable {
    private let queue: SpanQueue
    private let requests = Mutex(Requests())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let appender: Mutex<BlockAppender>
    private let flushIntervalNanoseconds: UInt64
    private let onFailure: @Sendable (StoreError?) -> Void

    /// What other threads ask of this one.
    private struct Requests {
        var isWoken = false
        var isStopping = false
        var isStopped = false
        /// Why the last blocks were given up, once the thread has stopped.
        var lastFailure: StoreError?
        var flushes: [Flush] = []
    }

    private struct Flush {
        let acceptedCount: UInt64
        let completion: @Sendable (StoreError?) -> Void
    }

    init(
        appender: consuming sending BlockAppender, options: StoreWriter.Options,
        onFailure: @escaping @Sendable (StoreError?) -> Void
    ) {
        queue = SpanQueue(
            blockBytesMax: options.blockBytesMax, bufferBytesMax: options.bufferBytesMax,
            spanBytesMax: options.spanBytesMax)
        self.appender = Mutex(appender)
        // A year is as good as never, and keeps the sums with the clock within their bounds.
        flushIntervalNanoseconds = min(options.flushIntervalNanoseconds, 31_536_000_000_000_000)
        self.onFailure = onFailure
    }

    var drops: DropCounters { queue.drops }

    func append(_ span: [UInt8], start: UInt64, end: UInt64) {
        if queue.append(span, start: start, end: end) { request { _ in } }
    }

    /// Calls `completion` once what was accepted by now was tried; with `isLast`, the thread stops
    /// then.
    func flush(
        isLast: Bool = false, _ completion: @escaping @Sendable (StoreError?) -> Void
    ) {
        let flush = Flush(acceptedCount: queue.acceptedCount, completion: completion)
        let (isStopped, failure) = request { requests in
            if !requests.isStopped { requests.flushes.append(flush) }
            // In one step with the above: the answer to the last flush comes after the last block.
            if isLast { requests.isStopping = true }
            return (requests.isStopped, requests.lastFailure)
        }
        if isStopped { completion(failure) }
    }

    func shutdown(_ completion: @escaping @Sendable (StoreError?) -> Void) {
        queue.close()
        flush(isLast: true, completion)
    }

    func stop() {
        queue.close()
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
        var pending = PendingBlocks()
        var lastDrain = Clocks.boottime()
        var isStopping = false
        while !isStopping {
            let isDue = wait(until: lastDrain + flushIntervalNanoseconds)
            let (flushes, stopping) = takeRequests()
            isStopping = stopping
            let includingCurrent = isDue || isStopping || !flushes.isEmpty
            pending.add(queue.take(includingCurrent: includingCurrent))
            if includingCurrent { lastDrain = Clocks.boottime() }
            if isStopping { addUnstoredDrops(to: &pending) }
            write(&pending)
            if isStopping { giveUp(&pending) }
            answer(flushes, pending)
        }
        stopped(pending)
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

    private func takeRequests() -> (flushes: [Flush], isStopping: Bool) {
        requests.withLock { requests in
            defer {
                requests.flushes = []
                requests.isWoken = false
            }
            return (requests.flushes, requests.isStopping)
        }
    }

    private func write(_ pending: inout PendingBlocks) {
        while let spans = pending.first {
            if let error = append(spans) {
                if pending.failure == nil { onFailure(error) }
                pending.failure = error
                return
            }
            if pending.failure != nil { onFailure(nil) }
            pending.failure = nil
            pending.removeFirst()
            queue.release(byteCount: spans.entries.count)
        }
    }

    private func append(_ spans: GatheredSpans) -> StoreError? {
        appender.withLock { appender in
            do throws(StoreError) {
                try appender.append(spans, drops: queue.drops)
                return nil
            } catch {
                return error
            }
        }
    }

    /// Lets an empty block carry what was lost since the last one, so that no drop goes unstored.
    private func addUnstoredDrops(to pending: inout PendingBlocks) {
        guard pending.first == nil, appender.withLock({ $0.storedDrops }) != queue.drops else {
            return
        }
        pending.add([GatheredSpans()])
    }

    /// Counts as lost what cannot be written although the writer ends.
    private func giveUp(_ pending: inout PendingBlocks) {
        queue.countWriteFailures(pending.spanCount)
    }

    private func answer(_ flushes: [Flush], _ pending: PendingBlocks) {
        for flush in flushes {
            flush.completion(flush.acceptedCount > pending.durableCount ? pending.failure : nil)
        }
    }

    private func stopped(_ pending: PendingBlocks) {
        let late = requests.withLock { requests in
            requests.isStopped = true
            requests.lastFailure = pending.failure
            return requests.flushes
        }
        answer(late, pending)
    }
}

/// Blocks that are taken from the queue and not yet durable, oldest first.
private struct PendingBlocks {
    private var blocks: [GatheredSpans] = []
    /// Spans made durable since the start.
    private(set) var durableCount: UInt64 = 0
    /// Why the first block could not be written, if it was tried.
    var failure: StoreError?

    var first: GatheredSpans? { blocks.first }
    var spanCount: UInt64 { blocks.reduce(0) { $0 + UInt64($1.spanCount) } }

    mutating func add(_ spans: [GatheredSpans]) {
        blocks += spans
    }

    mutating func removeFirst() {
        durableCount += UInt64(blocks.removeFirst().spanCount)
    }
}
