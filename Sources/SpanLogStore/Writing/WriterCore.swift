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
    private let options: StoreWriter.Options
    private let retention: Mutex<RetentionSchedule>
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
        spool: Spool, appender: consuming sending BlockAppender, retention: RetentionSchedule,
        options: StoreWriter.Options,
        onTick: @escaping @Sendable () -> Void,
        onFailure: @escaping @Sendable (StoreError?) -> Void
    ) {
        self.spool = spool
        self.appender = Mutex(appender)
        self.options = options
        self.retention = Mutex(retention)
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
    /// How much of what has ended is to be written now.
    private enum Need {
        case whatIsDue
        case flush
        /// And what a recorder that ends has still to say.
        case everything
    }

    /// The body of the thread.
    func run() {
        var pending = PendingBatches()
        var schedule = WriteSchedule(options, now: Clocks.boottime())
        while true {
            wait(until: schedule.nextWake)
            // What is asked is taken before the spans, so that a flush covers all that had ended.
            let (flushes, isStopping) = takeRequests()
            if isStopping { spool.close() }
            spool.beat()
            onTick()
            let need: Need = isStopping ? .everything : flushes.isEmpty ? .whatIsDue : .flush
            work(&pending, &schedule, need)
            if isStopping { return stop(pending, flushes) }
            for flush in flushes { flush(pending.failure) }
            maintain()
        }
    }

    /// Waits until the time has come or somebody asks for something.
    private func wait(until deadline: UInt64) {
        let now = Clocks.boottime()
        guard now < deadline else { return }
        _ = wakeUp.wait(timeout: .now() + .nanoseconds(Int(deadline - now)))
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

    /// Takes what is to be written, and writes it if that is due.
    private func work(
        _ pending: inout PendingBatches, _ schedule: inout WriteSchedule, _ need: Need
    ) {
        let now = Clocks.boottime()
        schedule.tick(at: now)
        if pending.failure != nil {
            // What is gathering goes on gathering while the disk fails: taken now and then, a few
            // spans would hold a chunk each, and the spool would be full long before its bytes are.
            pending.add(spool.take(includingCurrent: false))
            guard need != .whatIsDue || schedule.isAttemptDue(at: now) else { return }
            write(&pending, &schedule)
            guard pending.failure == nil else { return }
        }
        let isTaking = need != .whatIsDue || schedule.isTakingDue(at: now)
        pending.add(spool.take(includingCurrent: isTaking))
        if need == .everything { pending.add(lastWords) }
        if isTaking { schedule.took(at: now) }
        if isTaking || schedule.isWritingDue(pendingByteCount: pending.byteCount) {
            write(&pending, &schedule)
        }
    }

    private func write(_ pending: inout PendingBatches, _ schedule: inout WriteSchedule) {
        while !pending.isEmpty {
            let group = pending.firstGroup
            do throws(StoreError) {
                let count = try append(group)
                if pending.failure != nil { onFailure(nil) }
                pending.failure = nil
                pending.removeFirst(count)
                for batch in group.prefix(count) { spool.release(batch) }
            } catch {
                if pending.failure == nil { onFailure(error) }
                pending.failure = error
                return schedule.failed(at: Clocks.boottime())
            }
        }
        schedule.succeeded()
    }

    /// - Returns: How many of the first of `batches` are durable now.
    private func append(_ batches: ArraySlice<SpanBatch>) throws(StoreError) -> Int {
        if options.isDiscarding { return batches.count }
        let drops = spool.drops
        let result: Result<Int, StoreError> = appender.withLock { appender in
            let blocks = batches.map { batch in
                SealedBlock(
                    sequence: batch.summary.sequence,
                    bytes: appender.compressed(spool.block(of: batch, drops: drops)))
            }
            return Result { () throws(StoreError) in try appender.append(blocks) }
        }
        let count = try result.get()
        storedDrops.withLock { $0 = drops }
        return count
    }

    /// Closes an aged segment, and lets go of what the store may not keep any longer.
    private func maintain() {
        let firstLiveNumber = appender.withLock { appender in
            appender.closeAgedSegment()
            return appender.firstLiveNumber
        }
        retention.withLock { $0.run(firstLiveNumber: firstLiveNumber) }
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
        if pending.isEmpty { spool.remove() }
        for batch in pending.batches { spool.giveUp(batch) }
        // Where processes live shorter than the interval, nobody else would.
        maintain()
        let late = requests.withLock { requests in
            requests.isStopped = true
            requests.lastFailure = pending.failure
            return requests.flushes
        }
        for flush in flushes + late { flush(pending.failure) }
    }
}
