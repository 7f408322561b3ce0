/// Two domains that exchanged messages: how φ = θ(first) − θ(second) drifts, and which messages are
/// believed.
struct PairFit: Sendable {
    /// The domains, the lesser first, by their places in the solver's order.
    let first: Int
    let second: Int
    var upper: PairSide
    var lower: PairSide
    /// How φ changes, in nanoseconds per nanosecond.
    var slope = 0.0
    /// φ at the origin of time, if it were a line.
    var intercept = 0.0
    /// How fast φ may leave the line, in nanoseconds per nanosecond.
    var residualDrift = 0.0
    var windows: [PairWindow] = []
    /// Messages removed because they contradict others.
    var contradictionCount = 0
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

    /// How long the fastest messages there and back took together: what their bounds leave open.
    var width: Double {
        let above = upper.times.indices.map { upper.detrended($0, slope) }.min()
        let below = lower.times.indices.map { lower.detrended($0, slope) }.min()
        guard let above, let below else { return 0 }
        return max(0, above + below)
    }

    /// Makes all bounds tighter, by so many nanoseconds.
    mutating func tighten(by margin: Double) {
        for index in upper.bounds.indices { upper.bounds[index] -= margin }
        for index in lower.bounds.indices { lower.bounds[index] -= margin }
    }

    /// Finds the drift.
    mutating func fitDrift(_ settings: ClockSettings, _ grain: MessageSeries.Grain) {
        windows = PairWindow.windows(upper, lower, cells: windowLength(grain))
        findDrift(settings)
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
