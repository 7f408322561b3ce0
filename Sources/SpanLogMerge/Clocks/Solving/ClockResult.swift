/// Turns offsets at knots into corrections that readers can use.
struct ClockResult {
    private let problem: ClockProblem
    private let frames: ClockFrames
    private let lines: [ClockDomain: ClockLine]
    private let counts: [Int]
    /// Of each domain: messages of pairs that are inconsistent.
    private var inconsistentCounts: [Int]
    /// Of each domain: the first and the last knot around its messages.
    private var ranges: [ClosedRange<Int>?]
    /// Of each domain: its group in ``ClockTree/groups``.
    private var groups: [Int]

    init(_ problem: ClockProblem, _ frames: ClockFrames, _ lines: [ClockDomain: ClockLine]) {
        (self.problem, self.frames, self.lines) = (problem, frames, lines)
        counts = problem.messageCounts
        inconsistentCounts = Array(repeating: 0, count: counts.count)
        ranges = Array(repeating: nil, count: counts.count)
        groups = Array(repeating: 0, count: counts.count)
        for (group, nodes) in problem.tree.groups.enumerated() {
            for node in nodes { groups[node] = group }
        }
        for (index, pair) in problem.pairs.enumerated() {
            let range = Self.range(pair, problem.knots)
            for node in [pair.first, pair.second] {
                ranges[node] = Self.union(ranges[node], range)
                if isInconsistent(index) { inconsistentCounts[node] += pair.count }
            }
        }
    }

    /// The domain with the most messages, of several the one with the least name.
    var reference: ClockDomain? {
        problem.tree.groups.first.map { problem.domains[$0[0]] }
    }

    /// The pairs, with nothing counted as rejected yet.
    var pairs: [ClockCorrections.Pair] {
        problem.pairs.enumerated().map { index, pair in
            ClockCorrections.Pair(
                first: problem.domains[pair.first], second: problem.domains[pair.second],
                factCount: pair.count, rejectedFactCount: 0, isTwoSided: pair.isTwoSided,
                isInconsistent: isInconsistent(index))
        }
    }

    private func isInconsistent(_ pair: Int) -> Bool {
        problem.pairs[pair].isInconsistent || frames.removedPairs.contains(pair)
    }

    func correction(_ node: Int) -> DomainCorrection {
        let domain = problem.domains[node]
        let reference = frames.references[frames.frameOfDomain[node]]
        var correction = DomainCorrection(domain: domain, method: method(node))
        correction.line = lines[domain] ?? ClockLine()
        correction.frame = problem.domains[reference]
        correction.isBounded = [.reference, .bounded].contains(correction.method)
        correction.isBoundedInFrame = correction.method != .inconsistent
        correction.knots = knots(node)
        correction.driftPPM = 1e6 * (problem.drifts[node] - problem.drifts[reference])
        correction.residualDriftPPM =
            node == reference
            ? 0 : 1e6 * (problem.residualDrifts[node] + problem.residualDrifts[reference])
        correction.factCount = counts[node]
        return correction
    }

    private func method(_ node: Int) -> ClockMethod {
        guard let first = problem.tree.groups.first?[0] else { return .wallOnly }
        if node == first { return .reference }
        if inconsistentCounts[node] * 2 > counts[node] { return .inconsistent }
        if frames.frameOfDomain[node] == frames.frameOfDomain[first] { return .bounded }
        return groups[node] == groups[first] ? .oneSided : .wallOnly
    }

    private func knots(_ node: Int) -> [DomainCorrection.Knot] {
        let frame = frames.frameOfDomain[node]
        let reference = frames.references[frame]
        let isMoved = node != reference || frames.shifts[frame].contains { $0 != 0 }
        guard isMoved, let range = ranges[node] else { return [] }
        let coarse = problem.coarse[node] - problem.coarse[reference]
        var knots: [DomainCorrection.Knot] = []
        for place in range {
            let value = frames.offsets[place][node]
            let offset = ClockTime.clamped(
                coarse + Int128(ClockTime.clamped(value + frames.shifts[frame][place])))
            let time = problem.origin + Int128(ClockTime.clamped(problem.knots.times[place]))
            let bound = max(frames.highs[place][node] - value, value - frames.lows[place][node])
            let knot = DomainCorrection.Knot(
                time: ClockTime.clamped(time - Int128(offset)), offsetNanoseconds: offset,
                boundNanoseconds: UInt64(max(0, ClockTime.clamped(bound.rounded(.up)))))
            if knot.time > knots.last?.time ?? .min { knots.append(knot) }
        }
        return knots
    }

    private static func range(_ pair: PairFit, _ knots: ClockKnots) -> ClosedRange<Int>? {
        let places = knots.places(of: pair.upper) + knots.places(of: pair.lower)
        guard let first = places.min(), let last = places.max() else { return nil }
        return first...last + 1
    }

    private static func union(
        _ left: ClosedRange<Int>?, _ right: ClosedRange<Int>?
    ) -> ClosedRange<Int>? {
        guard let left, let right else { return left ?? right }
        return min(left.lowerBound, right.lowerBound)...max(left.upperBound, right.upperBound)
    }
}
