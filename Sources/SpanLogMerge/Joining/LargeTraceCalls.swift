/// The calls between hosts in a trace whose spans have no room in memory: which spans are their two
/// sides, and what those say once they are at hand.
struct LargeTraceCalls {
    /// The places of parent and child, as many as count.
    private var calls: [(parent: Int, child: Int)] = []
    private var sides: [Int: ClockSide?] = [:]

    init(_ trace: LargeTrace) {
        for (child, parent) in trace.parents.enumerated() where parent >= 0 {
            guard calls.count < ClockEvidence.callsPerTraceMax else { break }
            let (domain, parentDomain) = (trace.domains[child], trace.domains[Int(parent)])
            guard domain != parentDomain, domain >= 0, parentDomain >= 0 else { continue }
            calls.append((Int(parent), child))
            sides[Int(parent)] = .some(nil)
            sides[child] = .some(nil)
        }
    }

    /// Notes what the spans at hand say, the first of which has the place `base`.
    mutating func note(_ join: PartitionJoin, from base: Int) {
        guard join.clocks.isCollecting, !sides.isEmpty else { return }
        for (index, span) in join.spans.enumerated() where sides[base + index] != nil {
            sides[base + index] = .some(join.clockSide(of: span))
        }
    }

    /// Tells what was noted.
    func tell(_ clocks: inout ClockEvidence) {
        for (parent, child) in calls {
            guard let parent = sides[parent] ?? nil, let child = sides[child] ?? nil else {
                continue
            }
            clocks.add(parent: parent, child: child)
        }
    }
}
