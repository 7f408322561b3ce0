import SpanLogFormat

/// When a writer looks after what the store may keep: when it first wakes, be it to end, when a
/// segment is finished, and once a minute.
struct RetentionSchedule: Sendable {
    private let directory: StoreDirectory
    private let recorderID: RecorderID
    private let limits: RetentionLimits
    private var lastRun: (boottime: UInt64, firstLiveNumber: Int)?

    init(_ directory: StoreDirectory, _ recorderID: RecorderID, _ limits: RetentionLimits) {
        self.directory = directory
        self.recorderID = recorderID
        self.limits = limits
    }

    /// Enforces the limits if it is time to.
    ///
    /// - Parameter firstLiveNumber: The least number of a segment that is still written into.
    mutating func run(firstLiveNumber: Int) {
        guard !limits.isUnlimited else { return }
        let now = Clocks.boottime()
        if let last = lastRun, last.firstLiveNumber == firstLiveNumber,
            now < last.boottime + Self.interval
        {
            return
        }
        lastRun = (now, firstLiveNumber)
        let own = StoreInventory.Own(recorderID: recorderID, firstLiveNumber: firstLiveNumber)
        // A store that cannot be tidied now is tidied later; that its disk fails, writing tells.
        _ = try? StoreRetention(directory: directory, limits: limits, own: own).enforce()
    }

    private static let interval: UInt64 = 60_000_000_000
}
