extension PairFit {
    /// A message with its bound as it holds at the middle of a window.
    typealias Ranked = (message: Int, bound: Double)

    /// Removes the fewest messages that make the rest possible, and then those that may be wrong
    /// without anybody noticing. If too many would have to go, nothing in the window is believed.
    mutating func removeOutliers(_ window: PairWindow, _ settings: ClockSettings) {
        let middle = center(window)
        let above = ranked(upper, window.upper, middle)
        let below = ranked(lower, window.lower, middle)
        guard let fewest = Self.fewest(above.map(\.bound), below.map(\.bound)) else {
            for (message, _) in above { upper.beliefs[message] = .none }
            for (message, _) in below { lower.beliefs[message] = .none }
            contradictionCount += above.count + below.count
            return
        }
        contradictionCount += fewest.upper + fewest.lower
        for (message, _) in above.prefix(fewest.upper) { upper.beliefs[message] = .none }
        for (message, _) in below.prefix(fewest.lower) { lower.beliefs[message] = .none }
        upper.doubt(window.upper, settings.faulty(of: window.upperCount), slope)
        lower.doubt(window.lower, settings.faulty(of: window.lowerCount), slope)
    }

    /// The messages, the tightest first.
    func ranked(
        _ side: PairSide, _ messages: some Sequence<Int>, _ middle: Double
    ) -> [Ranked] {
        let all = messages.map { message in
            let widening = residualDrift * abs(side.times[message] - middle)
            return (message: message, bound: side.detrended(message, slope) + widening)
        }
        return all.sorted { ($0.bound, $0.message) < ($1.bound, $1.message) }
    }

    /// Marzullo's: how many of the least of either side have to go, so that the least that are left
    /// do not contradict each other; `nil` if that would be too many, or leave a side empty.
    static func fewest(_ above: [Double], _ below: [Double]) -> (upper: Int, lower: Int)? {
        guard !above.isEmpty, !below.isEmpty else { return (0, 0) }
        var best: (upper: Int, lower: Int)?
        var lower = below.count
        for (upper, bound) in above.enumerated() {
            while lower > 0, bound + below[lower - 1] >= 0 { lower -= 1 }
            guard lower < below.count else { continue }
            let isBetter =
                best.map {
                    (upper + lower, abs(upper - lower)) < (
                        $0.upper + $0.lower, abs($0.upper - $0.lower)
                    )
                } ?? true
            if isBetter { best = (upper, lower) }
        }
        let countMax = max(2, (above.count + below.count) / 10)
        guard let best, best.upper + best.lower <= countMax else { return nil }
        return best
    }
}

extension PairSide {
    /// Doubts the `count` tightest of the messages that are believed, but not all of them.
    fileprivate mutating func doubt(_ messages: Range<Int>, _ count: Int, _ slope: Double) {
        let believed = messages.filter { beliefs[$0] == .full }
            .sorted { (detrended($0, slope), $0) < (detrended($1, slope), $1) }
        for message in believed.prefix(max(0, min(count, believed.count - 1))) {
            beliefs[message] = .doubted
        }
    }

    /// Believes nothing of these messages any more.
    ///
    /// - Returns: How many were believed.
    mutating func discard(_ messages: Range<Int>) -> Int {
        let count = beliefs[messages].count { $0 == .full }
        for message in messages { beliefs[message] = .none }
        return count
    }
}
