/// Two domains that exchanged messages: how φ = θ(first) − θ(second) drifts, and which messages are
/// believed.
struct PairFit: Sendable {
    /// The domains, the lesser first, by their places in the solver's order.
    let first: Int
    let second: Int
    private(set) var upper: PairSide
    private(set) var lower: PairSide
    /// How φ changes, in nanoseconds per nanosecond.
    private(set) var slope = 0.0
    /// φ at the origin of time, if it were a line.
    private(set) var intercept = 0.0
    /// How fast φ may leave the line, in nanoseconds per nanosecond.
    private(set) var residualDrift = 0.0
    private(set) var windows: [PairWindow] = []
    /// Messages removed because they contradict others.
    private(set) var contradictionCount = 0
    /// Whether the pair's messages, or those of a cycle of pairs, contradict each other too much.
    var isInconsistent = false

    var isTwoSided: Bool { upper.count > 0 && lower.count > 0 }
    var count: Int { upper.count + lower.count }

    init(first: Int, second: Int, upper: PairSide, lower: PairSide) {
        self.first = first
        self.second = second
        self.upper = upper
        self.lower = lower
    }

    /// Moves the times of messages by a line, from the first domain's clock to the reference's.
    mutating func moveTimes(intercept: Double, slope: Double) {
        for index in upper.times.indices {
            upper.times[index] += intercept + slope * upper.times[index]
        }
        for index in lower.times.indices {
            lower.times[index] += intercept + slope * lower.times[index]
        }
    }

    /// Finds the drift.
    mutating func fitDrift(_ settings: ClockSettings, _ grain: MessageSeries.Grain) {
        windows = PairWindow.windows(upper, lower, cells: windowLength(grain))
        fitDrift(settings)
    }

    /// Removes messages that cannot be right, once the drift is known.
    mutating func removeOutliers(_ settings: ClockSettings) {
        upper.believeAll()
        lower.believeAll()
        contradictionCount = 0
        for window in windows { removeOutliers(window, settings) }
        removeContradictingWindows()
        isInconsistent =
            Double(contradictionCount) > settings.rejectedShareMax * Double(count)
    }

    /// 20 s, or an eighth of a shorter recording, in cells. No more than about 1000 windows.
    private func windowLength(_ grain: MessageSeries.Grain) -> Int64 {
        let numbers = [upper.cells.first, upper.cells.last, lower.cells.first, lower.cells.last]
            .compactMap { $0?.number }
        let span = (numbers.max() ?? 0) - (numbers.min() ?? 0)
        let usual = max(1, grain.cell(20_000_000_000))
        return max(1, min(usual, span / 8), span / 1024)
    }
}

// MARK: Drift

extension PairFit {
    /// What the windows say φ was.
    private struct Middle {
        let time: Double
        let value: Double
        /// Between the upper and the lower bound, in nanoseconds.
        let width: Double
    }

    private mutating func fitDrift(_ settings: ClockSettings) {
        (slope, intercept) = (0, 0)
        // With the drift taken out, the windows tell better which messages were fast.
        for _ in 0..<3 {
            let middles = windows.compactMap { middle($0, settings) }
            slope += Self.slope(middles)
        }
        let middles = windows.compactMap { middle($0, settings) }
        intercept = Self.median(middles.map(\.value)) ?? 0
        residualDrift =
            min(settings.driftMaxPPM, settings.residualDriftPPM + Self.uncertainty(middles)) / 1e6
    }

    private func middle(_ window: PairWindow, _ settings: ClockSettings) -> Middle? {
        guard !window.upper.isEmpty, !window.lower.isEmpty else { return nil }
        let above = window.upper.map { upper.detrended($0, slope) }.sorted()
        let below = window.lower.map { lower.detrended($0, slope) }.sorted()
        let high = above[min(settings.faulty(of: window.upperCount), above.count - 1)]
        let low = -below[min(settings.faulty(of: window.lowerCount), below.count - 1)]
        return Middle(time: center(window), value: (high + low) / 2, width: abs(high - low))
    }

    /// Half way between the first and the last message.
    private func center(_ window: PairWindow) -> Double {
        var (first, last) = (Double.infinity, -Double.infinity)
        for time in upper.times[window.upper] {
            (first, last) = (min(first, time), max(last, time))
        }
        for time in lower.times[window.lower] {
            (first, last) = (min(first, time), max(last, time))
        }
        return first + (last - first) / 2
    }

    /// Theil and Sen's: the median of the slopes between points that are far apart.
    private static func slope(_ points: [Middle]) -> Double {
        let distance = max(1, points.count / 3)
        // Some 20,000 slopes say as much as all.
        let stride = max(1, points.count * points.count / 40_000)
        var slopes: [Double] = []
        for (index, point) in points.enumerated() {
            for other in Swift.stride(from: index + distance, to: points.count, by: stride) {
                let passed = points[other].time - point.time
                if passed > 0 { slopes.append((points[other].value - point.value) / passed) }
            }
        }
        return median(slopes) ?? 0
    }

    /// How far off the slope may be, in parts per million: the line lies within the windows' widths.
    private static func uncertainty(_ middles: [Middle]) -> Double {
        guard let first = middles.first, let last = middles.last, last.time > first.time,
            let width = median(middles.map(\.width))
        else { return .infinity }
        return 1e6 * width / (last.time - first.time)
    }

    static func median(_ values: [Double]) -> Double? {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return nil }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}

extension ClockSettings {
    /// How many of `count` facts may be wrong. Of a handful, each is believed: there are none to spare.
    func faulty(of count: Int) -> Int {
        count < PairWindow.messageCountMin / 2 ? 0 : max(faultyMax, faultyMax * count / 50)
    }
}

// MARK: Outliers

extension PairFit {
    /// A message with its bound as it holds at the middle of a window.
    private typealias Ranked = (message: Int, bound: Double)

    /// Removes the fewest messages that make the rest possible, and then those that may be wrong
    /// without anybody noticing. If too many would have to go, nothing in the window is believed.
    private mutating func removeOutliers(_ window: PairWindow, _ settings: ClockSettings) {
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
    private func ranked(
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
    fileprivate mutating func discard(_ messages: Range<Int>) -> Int {
        let count = beliefs[messages].count { $0 == .full }
        for message in messages { beliefs[message] = .none }
        return count
    }
}

// MARK: Windows that contradict each other

extension PairFit {
    /// One side of a window: what it says at the window's middle.
    private struct Vote {
        let window: Int
        let isUpper: Bool
        let time: Double
        let bound: Double
        let count: Int
        var isRemoved = false
    }

    /// Removes windows, those first that contradict most others, until none contradict each other.
    private mutating func removeContradictingWindows() {
        guard isTwoSided else { return }
        var votes = windows.indices.flatMap { sides(ofWindow: $0) }.sorted { $0.time < $1.time }
        guard hasContradiction(votes) else { return }
        var contradictions = votes.map { vote in
            votes.count { contradict(vote, $0) }
        }
        while let worst = votes.indices.filter({ !votes[$0].isRemoved && contradictions[$0] > 0 })
            .max(by: {
                (contradictions[$0], votes[$1].count) < (contradictions[$1], votes[$0].count)
            })
        {
            votes[worst].isRemoved = true
            for index in votes.indices where contradict(votes[index], votes[worst]) {
                contradictions[index] -= 1
            }
            remove(votes[worst])
        }
    }

    private func sides(ofWindow index: Int) -> [Vote] {
        let window = windows[index]
        let middle = center(window)
        let above = ranked(upper, window.upper.filter { upper.beliefs[$0] == .full }, middle)
        let below = ranked(lower, window.lower.filter { lower.beliefs[$0] == .full }, middle)
        var votes: [Vote] = []
        if let least = above.first {
            votes.append(
                Vote(
                    window: index, isUpper: true, time: middle, bound: least.bound,
                    count: window.upperCount))
        }
        if let least = below.first {
            votes.append(
                Vote(
                    window: index, isUpper: false, time: middle, bound: least.bound,
                    count: window.lowerCount))
        }
        return votes
    }

    private func contradict(_ left: Vote, _ right: Vote) -> Bool {
        left.isUpper != right.isUpper
            && left.bound + right.bound + residualDrift * abs(left.time - right.time) < 0
    }

    /// Whether any two contradict each other: one pass each way instead of all pairs.
    private func hasContradiction(_ votes: [Vote]) -> Bool {
        func isContradicted(_ votes: some Sequence<Vote>) -> Bool {
            var (above, below) = (Double.infinity, Double.infinity)
            var time = 0.0
            for vote in votes {
                let widening = residualDrift * abs(vote.time - time)
                (above, below, time) = (above + widening, below + widening, vote.time)
                if vote.isUpper {
                    above = min(above, vote.bound)
                } else {
                    below = min(below, vote.bound)
                }
                if above + below < 0 { return true }
            }
            return false
        }
        return isContradicted(votes) || isContradicted(votes.reversed())
    }

    private mutating func remove(_ vote: Vote) {
        let window = windows[vote.window]
        contradictionCount +=
            vote.isUpper ? upper.discard(window.upper) : lower.discard(window.lower)
    }
}
