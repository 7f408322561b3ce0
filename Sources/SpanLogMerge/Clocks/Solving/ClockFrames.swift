/// The offsets of all domains at all knots.
///
/// Domains that have messages both ways between them, directly or around, form a frame: within it,
/// each offset lies between bounds. A frame as a whole is placed by what one-sided messages allow.
struct ClockFrames: Sendable {
    /// Each frame's domains, ascending.
    private(set) var frames: [[Int]] = []
    /// Of each domain: its frame.
    private(set) var frameOfDomain: [Int] = []
    /// Of each frame: the domain whose clock it goes by.
    private(set) var references: [Int] = []
    /// Of each frame and knot: what is added to all its times besides.
    private(set) var shifts: [[Double]] = []
    /// Of each knot and domain: what is added to the domain's times to have the frame's, after the
    /// coarse offsets.
    private(set) var offsets: [[Double]] = []
    /// Of each knot and domain: the greatest and the least that the true offset can be.
    private(set) var highs: [[Double]] = []
    private(set) var lows: [[Double]] = []
    /// Pairs that were left out because they contradict a cycle of others.
    private(set) var removedPairs: Set<Int> = []

    private let envelopes: [PairEnvelope]
    private let knotCount: Int
    private let counts: [Int]
    private var network = ConstraintNetwork(nodeCount: 0)
    private var workspace = ConstraintNetwork.Workspace(ConstraintNetwork(nodeCount: 0))

    init(_ problem: ClockProblem, keepingOwnClocks: Bool) {
        envelopes = problem.pairs.map { PairEnvelope($0, problem.knots) }
        knotCount = problem.knots.times.count
        counts = problem.messageCounts
        removeContradictingPairs(problem)
        estimate(problem, keepingOwnClocks: keepingOwnClocks)
        place(problem)
    }

    // MARK: What the truth can be

    /// Leaves out pairs until no cycle of constraints contradicts itself at any knot.
    private mutating func removeContradictingPairs(_ problem: ClockProblem) {
        repeat {
            connect(problem)
        } while bound(problem)
    }

    private mutating func removeWeakest(_ arcs: [Int], _ problem: ClockProblem) {
        let pairs = Set(
            arcs.isEmpty ? network.arcs.map(\.pair) : arcs.map { network.arcs[$0].pair })
        let weakest = pairs.subtracting(removedPairs).min {
            (problem.pairs[$0].count, $0) < (problem.pairs[$1].count, $1)
        }
        if let weakest { removedPairs.insert(weakest) }
    }

    private mutating func connect(_ problem: ClockProblem) {
        network = ConstraintNetwork(nodeCount: problem.domains.count)
        for (index, pair) in problem.pairs.enumerated() where !removedPairs.contains(index) {
            if envelopes[index].truth.upper.first?.isFinite == true {
                network.add(.init(from: pair.first, to: pair.second, pair: index))
            }
            if envelopes[index].truth.lower.first?.isFinite == true {
                network.add(.init(from: pair.second, to: pair.first, pair: index))
            }
        }
        workspace = ConstraintNetwork.Workspace(network)
        frames = network.strongComponents()
        frameOfDomain = Array(repeating: 0, count: problem.domains.count)
        for (frame, nodes) in frames.enumerated() {
            for node in nodes { frameOfDomain[node] = frame }
        }
        references = frames.map { nodes in
            nodes.max { (counts[$0], -$0) < (counts[$1], -$1) } ?? 0
        }
    }

    /// Computes the bounds at all knots.
    ///
    /// - Returns: Whether a pair had to be left out, so that the frames may have come apart.
    private mutating func bound(_ problem: ClockProblem) -> Bool {
        let removedCount = removedPairs.count
        (highs, lows) = ([], [])
        for knot in 0..<knotCount {
            while highs.count <= knot {
                do {
                    let (high, low) = try distances(weights(knot, \.truth))
                    highs.append(high)
                    lows.append(low.map { -$0 })
                } catch {
                    removeWeakest(error.arcs, problem)
                }
            }
        }
        return removedPairs.count > removedCount
    }

    /// The weights within frames.
    private func weights(
        _ knot: Int, _ bounds: KeyPath<PairEnvelope, PairEnvelope.Bounds>
    ) -> [Double] {
        network.arcs.map { arc in
            guard frameOfDomain[arc.from] == frameOfDomain[arc.to],
                !removedPairs.contains(arc.pair)
            else { return .infinity }
            return weight(arc, knot, envelopes[arc.pair][keyPath: bounds])
        }
    }

    private func weight(
        _ arc: ConstraintNetwork.Arc, _ knot: Int, _ bounds: PairEnvelope.Bounds
    ) -> Double {
        arc.from < arc.to ? bounds.upper[knot] : bounds.lower[knot]
    }

    /// Of each domain, the distance to its frame's reference and from it.
    private mutating func distances(
        _ weights: [Double]
    ) throws(ConstraintNetwork.NegativeCycle) -> (to: [Double], from: [Double]) {
        var (to, from) = (unreached, unreached)
        for reference in references { (to[reference], from[reference]) = (0, 0) }
        try network.shorten(&to, from: references, by: weights, .toSource, &workspace)
        try network.shorten(&from, from: references, by: weights, .fromSource, &workspace)
        return (to, from)
    }

    private var unreached: [Double] {
        Array(repeating: .infinity, count: network.nodeCount)
    }
}

// MARK: Offsets within a frame

extension ClockFrames {
    private mutating func estimate(_ problem: ClockProblem, keepingOwnClocks: Bool) {
        var allWeights: [[Double]] = []
        var distances: [(to: [Double], from: [Double])] = []
        for knot in 0..<knotCount {
            var weights = weights(knot, \.kept)
            var found = try? self.distances(weights)
            if found == nil {
                // The messages contradict each other by less than the truth may vary.
                weights = self.weights(knot, \.truth)
                found = (highs[knot], lows[knot].map { -$0 })
            }
            allWeights.append(weights)
            distances.append(found ?? (unreached, unreached))
        }
        if keepingOwnClocks { keepOwnClocks(problem, &distances, allWeights) }
        offsets = distances.map { found in
            zip(found.to, found.from).map { ($0 - $1) / 2 }
        }
    }

    /// Fixes each domain that can keep its own clock at all knots, those with most messages first.
    ///
    /// Each is fixed before the next is looked at, and what that means for the others is worked out,
    /// so that those that keep their clocks and those that do not agree with all messages.
    private mutating func keepOwnClocks(
        _ problem: ClockProblem, _ distances: inout [(to: [Double], from: [Double])],
        _ weights: [[Double]]
    ) {
        let order = counts.indices.sorted { (-counts[$0], $0) < (-counts[$1], $1) }
        for node in order {
            let reference = references[frameOfDomain[node]]
            guard node != reference else { continue }
            let own = ClockTime.double(problem.coarse[reference] - problem.coarse[node])
            let isPossible = distances.allSatisfy { -$0.from[node] <= own && own <= $0.to[node] }
            guard isPossible else { continue }
            for knot in distances.indices {
                (distances[knot].to[node], distances[knot].from[node]) = (own, -own)
                // No cycle: the value lies between the bounds.
                try? network.shorten(
                    &distances[knot].to, from: [node], by: weights[knot], .toSource, &workspace)
                try? network.shorten(
                    &distances[knot].from, from: [node], by: weights[knot], .fromSource, &workspace)
            }
        }
    }
}

// MARK: Frames among each other

extension ClockFrames {
    /// Moves frames as little as the one-sided messages between them demand.
    private mutating func place(_ problem: ClockProblem) {
        shifts = Array(repeating: Array(repeating: 0, count: knotCount), count: frames.count)
        var between = ConstraintNetwork(nodeCount: frames.count)
        var arcs: [ConstraintNetwork.Arc] = []
        for arc in network.arcs where frameOfDomain[arc.from] != frameOfDomain[arc.to] {
            between.add(
                .init(from: frameOfDomain[arc.from], to: frameOfDomain[arc.to], pair: arc.pair))
            arcs.append(arc)
        }
        guard !arcs.isEmpty else { return }
        let fixed = problem.tree.groups.map { frameOfDomain[$0[0]] }
        for knot in 0..<knotCount {
            let weights = arcs.map { gap($0, knot, problem) }
            for (frame, shift) in Self.placed(between, weights, fixed).enumerated() {
                shifts[frame][knot] = shift
            }
        }
    }

    /// How much further than their references say one frame can be moved than the other.
    private func gap(
        _ arc: ConstraintNetwork.Arc, _ knot: Int, _ problem: ClockProblem
    ) -> Double {
        let (from, to) = (references[frameOfDomain[arc.from]], references[frameOfDomain[arc.to]])
        return weight(arc, knot, envelopes[arc.pair].kept) - offsets[knot][arc.from]
            + offsets[knot][arc.to]
            + ClockTime.double(problem.coarse[from] - problem.coarse[to])
    }

    /// Between frames there are no cycles, so there is always a solution. The mean of the greatest
    /// below zero and the least above zero is one, and moving each value of a solution into the
    /// bounds that the fixed frames set gives another one, in which these are at zero.
    private static func placed(
        _ network: ConstraintNetwork, _ weights: [Double], _ fixed: [Int]
    ) -> [Double] {
        let all = Array(0..<network.nodeCount)
        var workspace = ConstraintNetwork.Workspace(network)
        var (below, above) = (all.map { _ in 0.0 }, all.map { _ in 0.0 })
        try? network.shorten(&below, from: all, by: weights, .toSource, &workspace)
        try? network.shorten(&above, from: all, by: weights, .fromSource, &workspace)
        var (high, low) = (all.map { _ in Double.infinity }, all.map { _ in Double.infinity })
        for frame in fixed { (high[frame], low[frame]) = (0, 0) }
        try? network.shorten(&high, from: fixed, by: weights, .toSource, &workspace)
        try? network.shorten(&low, from: fixed, by: weights, .fromSource, &workspace)
        return all.map { frame in
            min(high[frame], max(-low[frame], (below[frame] - above[frame]) / 2))
        }
    }
}
