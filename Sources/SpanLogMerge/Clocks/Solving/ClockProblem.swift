/// The facts with everything large taken out of them: sorted by domain, on one axis of time, near
/// zero, without drift and without outliers.
struct ClockProblem: Sendable {
    /// Ascending. All other places of domains are places in this.
    let domains: [ClockDomain]
    let tree: ClockTree
    private(set) var pairs: [PairFit]
    /// Of each domain: what is added to its times, roughly.
    let coarse: [Int128]
    /// Where the axis of time begins, in nanoseconds since 1970 by the reference's clock.
    let origin: Int128
    /// Of each domain: how its offset changes, in nanoseconds per nanosecond.
    private(set) var drifts: [Double] = []
    /// Of each domain: how fast its offset may change besides.
    private(set) var residualDrifts: [Double] = []
    let knots: ClockKnots

    init(_ facts: ClockFacts) {
        let facts = facts.compacted()
        let settings = facts.settings
        let directions = PairDirections.sorted(facts)
        domains = facts.domains.sorted()
        tree = ClockTree(
            domainCount: domains.count,
            directions.map { .init(first: $0.first, second: $0.second, count: $0.count) })
        let coarse = tree.domainValues(directions.map(\.coarseDifference))
        let starts = directions.compactMap { pair in pair.earliest.map { $0 + coarse[pair.first] } }
        let origin = starts.min() ?? 0
        var pairs = directions.map { $0.fit(coarse, origin, settings) }
        for index in pairs.indices { pairs[index].fitDrift(settings, facts.grain) }
        // Only now are the domains' drifts known, by which the axis of time bends.
        let intercepts = tree.domainValues(pairs.map(\.intercept))
        let drifts = tree.domainValues(pairs.map(\.slope))
        for index in pairs.indices {
            let first = pairs[index].first
            pairs[index].moveTimes(intercept: intercepts[first], slope: drifts[first])
            pairs[index].fitDrift(settings, facts.grain)
            pairs[index].removeOutliers(settings)
        }
        (self.coarse, self.origin, self.pairs) = (coarse, origin, pairs)
        self.drifts = tree.domainValues(pairs.map(\.slope))
        residualDrifts = tree.domainUncertainties(pairs.map(\.residualDrift))
        // Memory and time go with the product; thousands of hosts have to do with fewer knots.
        let knotMax = Self.valueMax / max(1, domains.count + pairs.count)
        knots = ClockKnots(of: pairs, knotMax: min(settings.knotMax, knotMax))
    }

    /// How many offsets and bounds are held at a time, of each kind.
    private static let valueMax = 1 << 20

    /// Of each domain: how many messages it sent or received.
    var messageCounts: [Int] {
        ClockTree.messageCounts(
            domains.count, pairs.map { .init(first: $0.first, second: $0.second, count: $0.count) })
    }

    mutating func markInconsistent(_ pair: Int) {
        pairs[pair].isInconsistent = true
    }
}

/// The messages between two domains both ways, before anything is known about their clocks.
struct PairDirections {
    let first: Int
    let second: Int
    /// From the first to the second.
    private var forth = MessageSeries()
    private var back = MessageSeries()

    var count: Int { forth.count + back.count }

    private init(first: Int, second: Int) {
        (self.first, self.second) = (first, second)
    }

    /// All pairs, in the order of the domains' names.
    static func sorted(_ facts: ClockFacts) -> [PairDirections] {
        let order = facts.domains.indices.sorted { facts.domains[$0] < facts.domains[$1] }
        var places = Array(repeating: 0, count: order.count)
        for (place, index) in order.enumerated() { places[index] = place }
        var pairs: [UInt64: PairDirections] = [:]
        for series in facts.believedSeries() where series.sender != series.receiver {
            let (sender, receiver) = (places[series.sender], places[series.receiver])
            let (first, second) = (min(sender, receiver), max(sender, receiver))
            let key = UInt64(first) << 32 | UInt64(second)
            var pair = pairs[key] ?? PairDirections(first: first, second: second)
            if sender == first { pair.forth = series.messages } else { pair.back = series.messages }
            pairs[key] = pair
        }
        return pairs.sorted { $0.key < $1.key }.map(\.value)
    }

    /// θ(first) − θ(second), roughly: half way between the usual message and the usual answer.
    var coarseDifference: Int128 {
        let (there, back) = (Self.median(forth), Self.median(back))
        guard let there, let back else { return there ?? back.map { -$0 } ?? 0 }
        return (there - back) / 2
    }

    /// By the clock of the first domain.
    var earliest: Int128? {
        let times = [forth, back].compactMap { series in series.kept.lazy.map(\.time).min() }
        return times.min().map { Int128($0) }
    }

    func fit(_ coarse: [Int128], _ origin: Int128, _ settings: ClockSettings) -> PairFit {
        let shift = coarse[first] - origin
        let difference = coarse[first] - coarse[second]
        return PairFit(
            first: first, second: second,
            upper: PairSide(
                sign: 1, forth, shift: shift, coarse: difference,
                keptPerCell: settings.keptPerCell),
            lower: PairSide(
                sign: -1, back, shift: shift, coarse: difference,
                keptPerCell: settings.keptPerCell))
    }

    private static func median(_ series: MessageSeries) -> Int128? {
        let delays = series.kept.map(\.delay).sorted()
        return delays.isEmpty ? nil : Int128(delays[delays.count / 2])
    }
}
