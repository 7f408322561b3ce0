/// What one thread counted of what became of records and traces.
struct MergeCounts: Sendable {
    var accounting = MergeReport.Accounting()
    var traces = MergeReport.Traces()
    var links = MergeReport.Links()
    /// Sum of the hashes of all entries, whatever their order: the archive's digest.
    var digest: UInt128 = 0
    /// Calls whose other side was not recorded, by the name of the other side.
    var calls: [String: UInt64] = [:]
    /// Orphans by class.
    var orphans = [UInt64](repeating: 0, count: OrphanClass.allCases.count)
    var setAside = [UInt64](repeating: 0, count: SetAsideReason.allCases.count)
    /// Records that reached the join.
    var seen: UInt64 = 0

    mutating func merge(_ other: MergeCounts) {
        accounting.add(other.accounting)
        traces.add(other.traces)
        links.total += other.links.total
        links.unresolved += other.links.unresolved
        digest &+= other.digest
        calls.merge(other.calls, uniquingKeysWith: +)
        for index in orphans.indices { orphans[index] += other.orphans[index] }
        for index in setAside.indices { setAside[index] += other.setAside[index] }
        seen += other.seen
    }
}
