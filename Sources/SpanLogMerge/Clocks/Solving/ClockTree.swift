/// The pairs with the most messages that connect all domains that are connected, and what follows
/// along them: coarse offsets and drifts of each domain.
///
/// Nothing here is exact. It serves to bring all times onto one axis and all numbers near zero, and
/// where the facts say nothing, before the first and after the last.
struct ClockTree: Sendable {
    /// The groups of domains with any messages between them, the one with the most first; in each,
    /// the domain with the most messages first and the others in the order of their connection.
    private(set) var groups: [[Int]] = []
    /// Of each domain: the edge that connects it, or `nil` for the first of a group.
    private(set) var edges: [Edge?]

    /// A pair as a way to a domain.
    struct Edge: Sendable {
        let pair: Int
        let from: Int
        /// Whether the domain that is reached is the pair's second.
        let reachesSecond: Bool
    }

    /// A pair of domains and how many messages they exchanged.
    struct Link: Sendable {
        let first: Int
        let second: Int
        let count: Int
    }

    /// - Complexity: O(*n*·*m*) for *n* domains and *m* links at worst, nearly always *m* log *m*.
    init(domainCount: Int, _ links: [Link]) {
        edges = Array(repeating: nil, count: domainCount)
        let counts = Self.messageCounts(domainCount, links)
        var linksOfDomain: [[Int]] = Array(repeating: [], count: domainCount)
        for (index, link) in links.enumerated() {
            linksOfDomain[link.first].append(index)
            linksOfDomain[link.second].append(index)
        }
        var isReached = Array(repeating: false, count: domainCount)
        // Ties go to the lesser domain: the order of the domains is that of their names.
        for start in (0..<domainCount).sorted(by: { (-counts[$0], $0) < (-counts[$1], $1) })
        where !isReached[start] {
            isReached[start] = true
            groups.append(grow(from: start, links, linksOfDomain, &isReached))
        }
    }

    /// Prim's: always the link with the most messages next.
    private mutating func grow(
        from start: Int, _ links: [Link], _ linksOfDomain: [[Int]], _ isReached: inout [Bool]
    ) -> [Int] {
        var group = [start]
        var open = linksOfDomain[start]
        while let place = open.indices.max(by: {
            (links[open[$0]].count, -open[$0]) < (links[open[$1]].count, -open[$1])
        }) {
            let index = open.remove(at: place)
            let link = links[index]
            guard !isReached[link.first] || !isReached[link.second] else { continue }
            let reachesSecond = !isReached[link.second]
            let node = reachesSecond ? link.second : link.first
            edges[node] = Edge(
                pair: index, from: reachesSecond ? link.first : link.second,
                reachesSecond: reachesSecond)
            isReached[node] = true
            group.append(node)
            open += linksOfDomain[node]
        }
        return group
    }

    static func messageCounts(_ domainCount: Int, _ links: [Link]) -> [Int] {
        var counts = Array(repeating: 0, count: domainCount)
        for link in links {
            counts[link.first] += link.count
            counts[link.second] += link.count
        }
        return counts
    }

    /// Adds up what the pairs say, from the first of each group on: θ(first) − θ(second) is `value`.
    func domainValues<Value: AdditiveArithmetic>(_ values: [Value]) -> [Value] {
        sums { sum, edge in
            edge.reachesSecond ? sum - values[edge.pair] : sum + values[edge.pair]
        }
    }

    /// Adds up how far off the pairs may be, from the first of each group on.
    func domainUncertainties(_ values: [Double]) -> [Double] {
        sums { $0 + values[$1.pair] }
    }

    private func sums<Value: AdditiveArithmetic>(_ next: (Value, Edge) -> Value) -> [Value] {
        var sums = Array(repeating: Value.zero, count: edges.count)
        for node in groups.joined() {
            if let edge = edges[node] { sums[node] = next(sums[edge.from], edge) }
        }
        return sums
    }
}
