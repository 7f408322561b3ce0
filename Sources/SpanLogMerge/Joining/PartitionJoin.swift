import SpanLogFormat
import SpanLogStore

/// Joins the records of one partition after the other into traces, and lays out their part of the
/// archive. Each thread has its own.
struct PartitionJoin {
    let rules: OrphanRules
    let options: Merge.Options
    var clocks: ClockEvidence
    var data: PartitionData
    var counts = MergeCounts()
    var archive = ArchiveRunWriter()

    // The trace at hand.
    var spans: [JoinedSpan] = []
    var changes: [SpanChange] = []
    /// Records that are in the trace once more, from elsewhere: the one kept, and the other.
    var twins: [(kept: UInt32, other: UInt32)] = []
    /// The places of spans that got another identifier, by that one.
    var renamed: [UInt64: Int] = [:]
    /// The place of each span's parent; see ``noParent`` and ``missingParent``.
    var parents: [Int32] = []
    var places = RecordPlaces()
    var digest = EntryDigest()
    var marks: [UInt32] = []
    /// The places of the services that took part, ascending.
    var services: [UInt32] = []
    var clockRanges = ClockRanges()

    static let noParent: Int32 = -1
    static let missingParent: Int32 = -2

    init(
        _ rules: OrphanRules, _ producers: RankedProducers, _ blocks: BlockSequences,
        _ clocks: ClockCollection, _ options: Merge.Options
    ) {
        self.rules = rules
        data = PartitionData(producers, blocks)
        self.options = options
        self.clocks = ClockEvidence(clocks)
    }

    /// Gives away what the last partition became.
    mutating func takeArchive() -> ArchiveRun { archive.finish() }

    /// Joins the records of `source`, which is empty afterwards; what they become is in ``archive``.
    mutating func join(
        _ source: inout PartitionData.Source, from space: SpillSpace, matchesLow64: Bool
    ) throws {
        try data.load(freeing: &source, from: space)
        clocks.use(data.producers)
        var start = 0
        while start < data.records.count {
            let end = endOfTraces(from: start)
            joinTraces(start, end, matchesLow64: matchesLow64)
            start = end
        }
        clocks.share()
    }

    /// The end of the records whose trace ids have the same lower half.
    private func endOfTraces(from start: Int) -> Int {
        let low = data.records[start].traceLow
        var end = start + 1
        while end < data.records.count, data.records[end].traceLow == low {
            end += 1
        }
        return end
    }

    /// Joins the traces whose ids have the same lower half, one after the other.
    private mutating func joinTraces(_ start: Int, _ end: Int, matchesLow64: Bool) {
        // Spans come first, then links to them, then what is set aside.
        var spansEnd = start
        while spansEnd < end, traits(spansEnd).isDisjoint(with: [.isLink, .isSetAside]) {
            spansEnd += 1
        }
        var linksEnd = spansEnd
        while linksEnd < end, !traits(linksEnd).contains(.isSetAside) { linksEnd += 1 }
        var links = LinkTargets((spansEnd..<linksEnd).map { data.records[$0] })
        counts.links.total += links.count
        if matchesLow64, let id = traceToMatch(start, spansEnd) {
            data.sortBySpan(start, spansEnd)
            joinTrace(id, start, spansEnd, links.takeAll())
        } else {
            var first = start
            while first < spansEnd {
                let id = traceID(first)
                var next = first + 1
                while next < spansEnd, traceID(next) == id { next += 1 }
                joinTrace(id, first, next, links.take(to: id))
                first = next
            }
        }
        counts.links.unresolved += links.count
        if linksEnd < end { setAside(linksEnd, end) }
    }

    /// The one id of 128 bits that records with 64 bits belong to, if it is beyond doubt.
    private func traceToMatch(_ start: Int, _ end: Int) -> TraceID? {
        guard start < end, traceID(start).high == 0, traceID(end - 1).high != 0 else { return nil }
        let last = traceID(end - 1)
        let isAmbiguous = (start..<end).contains {
            traceID($0).high != 0 && traceID($0) != last
        }
        return isAmbiguous ? nil : last
    }

    private func traits(_ index: Int) -> Record.Traits {
        data.records[index].traits
    }

    private func traceID(_ index: Int) -> TraceID { data.records[index].traceID }
}
