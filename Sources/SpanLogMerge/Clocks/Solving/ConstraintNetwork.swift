/// A system of difference constraints: an arc from *i* to *j* of weight *w* says θ(i) − θ(j) ≤ w.
///
/// The shape stays the same at all knots; the weights are given anew for each.
struct ConstraintNetwork: Sendable {
    let nodeCount: Int
    private(set) var arcs: [Arc] = []
    /// The arcs that end at each node, and that start at it.
    private var arriving: [[Int]]
    private var leaving: [[Int]]

    /// A constraint, without its weight.
    struct Arc: Sendable {
        let from: Int
        let to: Int
        /// The pair of domains that it comes from.
        let pair: Int
    }

    /// Which distances are computed.
    enum Direction: Sendable {
        /// From each node to the source: how great θ(node) − θ(source) can be.
        case toSource
        /// From the source to each node: how great θ(source) − θ(node) can be.
        case fromSource
    }

    /// Constraints that contradict each other.
    struct NegativeCycle: Error {
        /// The arcs around the cycle.
        let arcs: [Int]
    }

    init(nodeCount: Int) {
        self.nodeCount = nodeCount
        arriving = Array(repeating: [], count: nodeCount)
        leaving = Array(repeating: [], count: nodeCount)
    }

    mutating func add(_ arc: Arc) {
        arriving[arc.to].append(arcs.count)
        leaving[arc.from].append(arcs.count)
        arcs.append(arc)
    }

    /// What a search remembers of nodes, kept from one to the next: most searches touch a few nodes of
    /// many.
    struct Workspace: Sendable {
        fileprivate var arcBefore: [Int]
        fileprivate var hops: [Int]
        fileprivate var isQueued: [Bool]
        fileprivate var touched: [Int] = []

        init(_ network: ConstraintNetwork) {
            arcBefore = Array(repeating: -1, count: network.nodeCount)
            hops = Array(repeating: 0, count: network.nodeCount)
            isQueued = Array(repeating: false, count: network.nodeCount)
        }

        fileprivate mutating func reset() {
            for node in touched { (arcBefore[node], hops[node], isQueued[node]) = (-1, 0, false) }
            touched.removeAll(keepingCapacity: true)
        }
    }

    /// Shortens `distances` along all arcs that lead on from `sources`, whose distances are given.
    ///
    /// - Throws: ``NegativeCycle`` if that would never end.
    /// - Complexity: O(*n*·*m*) in nodes and arcs (Bellman and Ford's), nearly always a few times *m*,
    ///   or less if little changes.
    func shorten(
        _ distances: inout [Double], from sources: [Int], by weights: [Double],
        _ direction: Direction, _ workspace: inout Workspace
    ) throws(NegativeCycle) {
        defer { workspace.reset() }
        var queue = sources
        workspace.touched = sources
        for source in sources { workspace.isQueued[source] = true }
        var next = 0
        while next < queue.count {
            let node = queue[next]
            next += 1
            workspace.isQueued[node] = false
            for index in direction == .toSource ? arriving[node] : leaving[node] {
                let other = direction == .toSource ? arcs[index].from : arcs[index].to
                let distance = distances[node] + weights[index]
                guard distance < distances[other] - Self.tolerance else { continue }
                distances[other] = distance
                workspace.touched.append(other)
                workspace.arcBefore[other] = index
                workspace.hops[other] = workspace.hops[node] + 1
                if workspace.hops[other] > nodeCount {
                    throw NegativeCycle(
                        arcs: cycle(through: other, workspace.arcBefore, direction))
                }
                if !workspace.isQueued[other] {
                    workspace.isQueued[other] = true
                    queue.append(other)
                }
            }
            if next > Self.queueSlack {
                queue.removeFirst(next)
                workspace.touched = Array(Set(workspace.touched))
                next = 0
            }
        }
    }

    /// Follows the arcs back until a node comes a second time.
    private func cycle(through node: Int, _ arcBefore: [Int], _ direction: Direction) -> [Int] {
        func before(_ node: Int) -> Int {
            let arc = arcs[arcBefore[node]]
            return direction == .toSource ? arc.to : arc.from
        }
        var start = node
        for _ in 0..<nodeCount {
            guard arcBefore[start] >= 0 else { return [] }
            start = before(start)
        }
        var found: [Int] = []
        var current = start
        repeat {
            guard arcBefore[current] >= 0 else { return [] }
            found.append(arcBefore[current])
            current = before(current)
        } while current != start
        return found
    }

    /// How many nodes that are done stay in the queue.
    private static let queueSlack = 1 << 16
    /// Nanoseconds: what rounding may add up to around a cycle.
    private static let tolerance = 1e-3
}

extension ConstraintNetwork {
    /// The nodes in groups that reach each other both ways, each ascending, by their least node.
    ///
    /// - Complexity: O(*n* log *n* + *m*) in nodes and arcs (Kosaraju's), without recursion.
    func strongComponents() -> [[Int]] {
        let order = finishingOrder()
        var component = Array(repeating: -1, count: nodeCount)
        var components: [[Int]] = []
        for start in order.reversed() where component[start] < 0 {
            var stack = [start]
            var nodes: [Int] = []
            component[start] = components.count
            while let node = stack.popLast() {
                nodes.append(node)
                for arc in arriving[node] where component[arcs[arc].from] < 0 {
                    component[arcs[arc].from] = components.count
                    stack.append(arcs[arc].from)
                }
            }
            components.append(nodes.sorted())
        }
        return components.sorted { $0[0] < $1[0] }
    }

    /// The nodes in the order in which a search in depth leaves them.
    private func finishingOrder() -> [Int] {
        var order: [Int] = []
        var nextArc = Array(repeating: 0, count: nodeCount)
        var isSeen = Array(repeating: false, count: nodeCount)
        for start in 0..<nodeCount where !isSeen[start] {
            var stack = [start]
            isSeen[start] = true
            while let node = stack.last {
                guard nextArc[node] < leaving[node].count else {
                    order.append(stack.removeLast())
                    continue
                }
                let other = arcs[leaving[node][nextArc[node]]].to
                nextArc[node] += 1
                if !isSeen[other] {
                    isSeen[other] = true
                    stack.append(other)
                }
            }
        }
        return order
    }
}
