/// When the writer's thread wakes, takes what is gathering, and turns to the disk.
struct WriteSchedule {
    private let tickNanoseconds: UInt64
    /// How long a span may gather before its block is written; `nil` is for ever.
    private let gatheringNanosecondsMax: UInt64?
    /// How many bytes may wait before they are written without being due.
    private let pendingByteCountMax: Int
    private var lastTick: UInt64
    private var lastTaking: UInt64
    /// When a disk that failed is tried again, and how long the wait was.
    private var nextAttempt: UInt64 = 0
    private var retryNanoseconds: UInt64 = 0

    init(_ options: StoreWriter.Options, now: UInt64) {
        // A year is as good as never, and keeps the sums with the clock within their bounds.
        let tick = min(max(options.flushIntervalNanoseconds, Self.tickNanosecondsMin), Self.year)
        tickNanoseconds = tick
        let spoolByteCount = options.spool.chunkCount * options.spool.chunkByteCount
        switch options.durability {
        case .everyBlock:
            gatheringNanosecondsMax = tick
            pendingByteCountMax = 0
        case .interval(let nanoseconds):
            gatheringNanosecondsMax = min(max(nanoseconds, tick), Self.year)
            pendingByteCountMax = spoolByteCount / 4
        case .system:
            gatheringNanosecondsMax = nil
            pendingByteCountMax = spoolByteCount / 4
        }
        lastTick = now
        lastTaking = now
    }

    /// When the thread wakes although nobody asks for it.
    var nextWake: UInt64 {
        let nextTick = lastTick + tickNanoseconds
        guard let gatheringNanosecondsMax else { return nextTick }
        return min(nextTick, max(lastTaking + gatheringNanosecondsMax, nextAttempt))
    }

    mutating func tick(at now: UInt64) {
        if now >= lastTick + tickNanoseconds { lastTick = now }
    }

    /// Whether what is gathering has gathered long enough.
    func isTakingDue(at now: UInt64) -> Bool {
        gatheringNanosecondsMax.map { now >= lastTaking + $0 } ?? false
    }

    mutating func took(at now: UInt64) { lastTaking = now }

    /// Whether so many bytes are to be written although what is gathering is not due.
    func isWritingDue(pendingByteCount: Int) -> Bool { pendingByteCount > pendingByteCountMax }

    /// Whether a disk that failed is to be tried again.
    func isAttemptDue(at now: UInt64) -> Bool { now >= nextAttempt }

    /// Puts the next attempt off, for twice as long as the time before.
    mutating func failed(at now: UInt64) {
        retryNanoseconds = min(
            max(2 * retryNanoseconds, tickNanoseconds), Self.retryNanosecondsMax)
        nextAttempt = now + retryNanoseconds
    }

    mutating func succeeded() {
        retryNanoseconds = 0
        nextAttempt = 0
    }

    private static let tickNanosecondsMin: UInt64 = 100_000
    private static let retryNanosecondsMax: UInt64 = 10_000_000_000
    private static let year: UInt64 = 31_536_000_000_000_000
}
