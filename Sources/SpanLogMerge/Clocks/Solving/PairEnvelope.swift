/// How great and how small φ = θ(first) − θ(second) can be at each knot.
struct PairEnvelope: Sendable {
    /// What the offsets are to keep.
    ///
    /// At both knots around a message the bounds are no greater than the message's own. So whatever
    /// keeps them at the knots, and is straight in between, keeps the message. Requests are kept even
    /// if they are doubted: the worst that a wrong one does here is to move an offset within the
    /// bounds that hold for the truth, and a true one that is not kept is a child before its parent.
    private(set) var kept: Bounds
    /// What holds for the true φ, which need not be straight between knots.
    private(set) var truth: Bounds

    /// Bounds of φ and of −φ at each knot, infinite where there are no messages that way.
    struct Bounds: Sendable {
        var upper: [Double]
        var lower: [Double]
    }

    init(_ pair: PairFit, _ knots: ClockKnots) {
        let upper = Envelopes(pair.upper, pair, knots)
        let lower = Envelopes(pair.lower, pair, knots)
        kept = Self.bounds(upper.kept, lower.kept, pair, knots)
        truth = Self.bounds(upper.truth, lower.truth, pair, knots)
        // A message and the knot next to it are up to one step apart.
        let slack = pair.residualDrift * knots.step
        for knot in knots.times.indices {
            truth.upper[knot] += slack
            truth.lower[knot] += slack
        }
    }

    private static func bounds(
        _ upper: [Double], _ lower: [Double], _ pair: PairFit, _ knots: ClockKnots
    ) -> Bounds {
        var bounds = Bounds(upper: upper, lower: lower)
        for (knot, time) in knots.times.enumerated() {
            let excess = upper[knot] + lower[knot]
            // Two sides may contradict each other by less than the truth varies: it is in the middle.
            let half = excess < 0 ? excess / 2 : 0
            bounds.upper[knot] += pair.slope * time - half
            bounds.lower[knot] -= pair.slope * time + half
        }
        return bounds
    }
}

/// What one side says at each knot, without the drift.
private struct Envelopes {
    private(set) var kept: [Double]
    private(set) var truth: [Double]

    init(_ side: PairSide, _ pair: PairFit, _ knots: ClockKnots) {
        kept = Array(repeating: .infinity, count: knots.times.count)
        truth = kept
        for (message, place) in knots.places(of: side).enumerated() {
            let bound = side.detrended(message, pair.slope)
            let belief = side.beliefs[message]
            if belief == .full || belief == .doubted && side.areRequests[message] {
                Self.lower(&kept, place, bound)
            }
            if belief == .full { Self.lower(&truth, place, bound) }
        }
        Self.spread(&kept, pair.residualDrift, knots)
        Self.spread(&truth, pair.residualDrift, knots)
    }

    private static func lower(_ least: inout [Double], _ place: Int, _ bound: Double) {
        least[place] = min(least[place], bound)
        least[place + 1] = min(least[place + 1], bound)
    }

    /// One pass in either direction: what holds at one knot holds at the next, less sharply.
    private static func spread(_ least: inout [Double], _ drift: Double, _ knots: ClockKnots) {
        for knot in least.indices.dropFirst() {
            let passed = knots.times[knot] - knots.times[knot - 1]
            least[knot] = min(least[knot], least[knot - 1] + drift * passed)
        }
        for knot in least.indices.dropLast().reversed() {
            let passed = knots.times[knot + 1] - knots.times[knot]
            least[knot] = min(least[knot], least[knot + 1] + drift * passed)
        }
    }
}
