import Synchronization

/// What is under way in a receiver, within its limits.
final class ReceiveLoad: Sendable {
    private let limits: ReceiveLimits
    private let state: Mutex<State>

    private struct State {
        var requestCount = 0
        var byteCount = 0
        var credit: TokenBucket
    }

    init(_ limits: ReceiveLimits) {
        self.limits = limits
        state = Mutex(
            State(credit: TokenBucket(perSecond: limits.bytesPerSecondMax, now: .now)))
    }

    /// A request that is under way, as long as this lives, with the memory that it takes.
    final class Share: Sendable {
        private let load: ReceiveLoad
        private let byteCount = Atomic(0)

        fileprivate init(_ load: ReceiveLoad) {
            self.load = load
        }

        deinit {
            let count = byteCount.load(ordering: .relaxed)
            load.state.withLock { state in
                state.requestCount -= 1
                state.byteCount -= count
            }
        }

        /// - Returns: Whether there is memory for so many bytes more.
        func take(_ count: Int) -> Bool {
            let isThere = load.state.withLock { state in
                guard state.byteCount + count <= load.limits.memoryByteCountMax else {
                    return false
                }
                state.byteCount += count
                return true
            }
            if isThere { byteCount.wrappingAdd(count, ordering: .relaxed) }
            return isThere
        }
    }

    /// `nil` if there are as many requests as may be.
    func share() -> Share? {
        let isThere = state.withLock { state in
            guard state.requestCount < limits.requestCountMax else { return false }
            state.requestCount += 1
            return true
        }
        return isThere ? Share(self) : nil
    }

    /// - Returns: The seconds to wait before so many bytes are taken; `nil` if they are now.
    func wait(for byteCount: Int) -> Int? {
        state.withLock { $0.credit.wait(for: byteCount, now: .now) }
    }
}

/// How much may come in a time, on average.
struct TokenBucket {
    private let perSecond: Double
    private var credit: Double
    private var last: ContinuousClock.Instant

    /// Begins with the credit of one second, which is as much as there ever is.
    init(perSecond: Int, now: ContinuousClock.Instant) {
        self.perSecond = Double(perSecond)
        credit = Double(perSecond)
        last = now
    }

    /// - Returns: The seconds to wait, at least one; `nil` if `count` is taken. More than a second's
    ///   credit is taken when all of it is there.
    mutating func wait(for count: Int, now: ContinuousClock.Instant) -> Int? {
        credit = min(perSecond, credit + (now - last) / .seconds(1) * perSecond)
        last = now
        let missing = min(Double(count), perSecond) - credit
        guard missing <= 0 else { return max(1, Int((missing / perSecond).rounded(.up))) }
        credit -= Double(count)
        return nil
    }
}
