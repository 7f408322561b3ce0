import SpanLogFormat

/// The names that a trace may have, if that depends on how clocks are corrected: of each clock domain
/// the one that would be right if the others were not.
struct ClockNames {
    /// Whether the span that started last gives the name, and not the first one.
    private(set) var areOfLast = false
    private(set) var names: [ClockName] = []

    /// Which spans may name a trace: those that say how it is called, or else roots, or else all.
    enum Rank: CaseIterable {
        case naming, root, first

        var isOfLast: Bool { self == .naming }
    }

    init() {}

    fileprivate init(_ names: [ClockName], _ rank: Rank) {
        // One clock's order is known without correction.
        guard names.count > 1 else { return }
        areOfLast = rank.isOfLast
        self.names = names.sorted { $0.domain < $1.domain }
    }

    func encode(from start: UInt64, into writer: inout ProtobufWriter) {
        for name in names where name.domain >= 0 {
            name.encode(from: start, isOfLast: areOfLast, into: &writer)
        }
    }

    /// The spans that may name a trace, of all shares of it.
    struct Candidates {
        private var best: [Key: ClockName] = [:]

        private struct Key: Hashable {
            let rank: Rank
            let domain: Int32
        }

        /// Notes those of a rank among the spans at hand.
        mutating func note(_ join: PartitionJoin, _ rank: Rank) {
            let countsNotes = join.holdsNotesOnly
            for (index, span) in join.spans.enumerated() where join.has(rank, index) {
                if rank != .naming, span.traits.contains(.isNote), !countsNotes { continue }
                let domain = join.clocks.domainOfProducer[Int(span.producer)]
                let start = ClockTime.moved(span.start, by: join.clockShift(of: span).nanoseconds)
                let key = Key(rank: rank, domain: domain)
                if let known = best[key] {
                    let isLater = (start, span.spanID) > (known.start, known.spanID)
                    guard isLater == rank.isOfLast else { continue }
                }
                let name = join.name(rank == .naming ? index : nil, index)
                best[key] = ClockName(
                    domain: domain, start: start, spanID: span.spanID, name: Array(name))
            }
        }

        func names(_ rank: Rank) -> ClockNames {
            ClockNames(best.filter { $0.key.rank == rank }.map(\.value), rank)
        }
    }
}
