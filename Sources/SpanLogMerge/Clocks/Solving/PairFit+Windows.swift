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
    mutating func removeContradictingWindows() {
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
