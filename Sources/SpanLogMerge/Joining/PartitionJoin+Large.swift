import SpanLogFormat
import SpanLogStore

extension PartitionJoin {
    /// Joins the trace `id`, which has no room in memory, from shares that are ranges of its scrambled
    /// span ids.
    ///
    /// Each share is read twice: for the identifiers, and to lay it out once all parents are known.
    /// Spans that changed each other, and cycles, cost another time each.
    mutating func joinLarge(
        _ id: TraceID, _ shares: [PartitionData.Source], from space: SpillSpace,
        _ take: (ArchiveRun) throws -> Void
    ) throws {
        var trace = LargeTrace(capacity: shares.reduce(0) { $0 + $1.recordCount })
        var moves: [Move: UInt64] = [:]
        var (hasOld, hasNew) = (false, false)
        for share in shares {
            let ranges = try load(share, from: space)
            let sources = joinSpans(id, 0, ranges.spansEnd, &moves)
            hasOld = hasOld || sources.hasOld
            hasNew = hasNew || sources.hasNew
            countLinks(ranges)
            if ranges.linksEnd < data.records.count {
                setAside(ranges.linksEnd, data.records.count)
            }
            trace.append(spans, clocks.domainOfProducer)
        }
        guard trace.count > 0 else { return try take(takeArchive()) }
        if hasOld, hasNew { counts.traces.reopened += 1 }
        if !moves.isEmpty { try move(moves, in: &trace, id, shares, space) }
        trace.findParents()
        trace.markAnswered()
        try cutCycles(of: &trace, id, shares, space)
        try layOut(trace, id, TraceParts(spanCount: trace.count), shares, space, take)
    }

    /// Takes a share into memory.
    ///
    /// - Returns: What ``ranges`` says then.
    private mutating func load(
        _ share: PartitionData.Source, from space: SpillSpace
    ) throws -> (spansEnd: Int, linksEnd: Int) {
        try data.load(share, from: space)
        clocks.use(data.producers)
        let ranges = ranges
        // Ids of 64 bits may be among them that belong to the same trace.
        data.sortBySpan(0, ranges.spansEnd)
        return ranges
    }

    /// The ends of the spans and of the links to them among the records at hand.
    private var ranges: (spansEnd: Int, linksEnd: Int) {
        func traits(_ index: Int) -> Record.Traits { data.records[index].traits }
        let indices = data.records.indices
        let spansEnd = indices.first { !traits($0).isDisjoint(with: [.isLink, .isSetAside]) }
        let linksEnd = indices.first { traits($0).contains(.isSetAside) }
        return (spansEnd ?? linksEnd ?? data.records.count, linksEnd ?? data.records.count)
    }

    private mutating func countLinks(_ ranges: (spansEnd: Int, linksEnd: Int)) {
        let links = LinkTargets(
            (ranges.spansEnd..<ranges.linksEnd).map { data.records[$0] })
        counts.links.total += links.count
        for target in links.targets where place(of: target) == nil {
            counts.links.unresolved += 1
        }
    }

    /// Calls `body` with the place of the first span of each share, whose spans are at hand then.
    private mutating func forEachShare(
        _ id: TraceID, _ shares: [PartitionData.Source], _ space: SpillSpace,
        _ body: (inout PartitionJoin, Int) throws -> Void
    ) throws {
        var base = 0
        for share in shares {
            let ranges = try load(share, from: space)
            // What is counted of records was counted when they were read first.
            let saved = counts
            var moves: [Move: UInt64] = [:]
            _ = joinSpans(id, 0, ranges.spansEnd, &moves)
            counts = saved
            try body(&self, base)
            base += spans.count
        }
    }

    private mutating func move(
        _ moves: [Move: UInt64], in trace: inout LargeTrace, _ id: TraceID,
        _ shares: [PartitionData.Source], _ space: SpillSpace
    ) throws {
        try forEachShare(id, shares, space) { join, base in
            for index in join.spans.indices {
                if let newID = join.newParent(of: index, moves) {
                    trace.move(base + index, to: newID)
                }
            }
        }
    }

    private mutating func cutCycles(
        of trace: inout LargeTrace, _ id: TraceID, _ shares: [PartitionData.Source],
        _ space: SpillSpace
    ) throws {
        let cycles = trace.cycles()
        guard !cycles.isEmpty else { return }
        counts.traces.cycles += cycles.count
        let members = Set(cycles.joined())
        var starts: [Int: UInt64] = [:]
        try forEachShare(id, shares, space) { join, base in
            for (index, span) in join.spans.enumerated() where members.contains(base + index) {
                starts[base + index] = span.start
            }
        }
        for cycle in cycles { trace.cut(cycle, startsOf: starts) }
    }

    private mutating func layOut(
        _ trace: LargeTrace, _ id: TraceID, _ parts: TraceParts,
        _ shares: [PartitionData.Source], _ space: SpillSpace,
        _ take: (ArchiveRun) throws -> Void
    ) throws {
        // A part is laid out at once, so it must not be in two shares.
        let together = max(1, shares.count / parts.count)
        let joined = stride(from: 0, to: shares.count, by: together).map { first in
            shares[first..<first + together].reduce(PartitionData.Source(), +)
        }
        var summary = LargeSummary()
        var calls = LargeTraceCalls(trace)
        try forEachShare(id, joined, space) { join, base in
            for index in join.spans.indices {
                for change in trace.newParents[base + index] ?? [] {
                    join.setParent(change.id, of: index, keepingOldAs: change.key)
                }
            }
            join.parents = Array(trace.parents[base..<base + join.spans.count])
            summary.add(&join)
            calls.note(join, from: base)
            join.countCalls { trace.isAnswered[base + $0] }
            join.layOut(id, parts)
            try take(join.takeArchive())
        }
        calls.tell(&clocks)
        clocks.share()
        if parts.count > 1 { counts.traces.large += 1 }
        count(summary.shape)
        let services = summary.services.sorted().map { Array($0.utf8) }
        append(
            id, summary.times, summary.shape, summary.name[...],
            (services.indices.map { UInt32($0) }, of: services), summary.ranges, summary.names)
        try take(takeArchive())
    }
}

/// The summary of a trace, share by share.
private struct LargeSummary {
    var shape = PartitionJoin.Shape()
    var times = PartitionJoin.Times()
    var services: Set<String> = []
    var ranges = ClockRanges()
    private var candidates = ClockNames.Candidates()
    private var first: Named?
    private var root: Named?
    private var naming: Named?

    private struct Named {
        let start: UInt64
        let spanID: UInt64
        let name: [UInt8]
    }

    var name: [UInt8] { (naming ?? root ?? first)?.name ?? [] }

    /// Of the spans that may name the trace.
    var names: ClockNames {
        candidates.names(naming != nil ? .naming : root != nil ? .root : .first)
    }

    mutating func add(_ join: inout PartitionJoin) {
        shape.mainRoot = nil
        join.addShape(to: &shape)
        var share = PartitionJoin.Times()
        share.add(join.spans)
        guard !join.spans.isEmpty else { return }
        times.start = min(times.start, share.start)
        times.end = max(times.end, share.end)
        times.errors += share.errors
        join.findServices()
        services.formUnion(join.services.map { join.data.services[Int($0)] })
        join.findClockRanges()
        ranges.formUnion(join.clockRanges)
        for rank in ClockNames.Rank.allCases { candidates.note(join, rank) }
        Self.keep(&first, Self.named(join, nil, share.first)) { $0 < $1 }
        if let place = shape.mainRoot {
            Self.keep(&root, Self.named(join, nil, place)) { $0 < $1 }
        }
        if let place = share.naming {
            Self.keep(&naming, Self.named(join, place, place)) { $0 > $1 }
        }
    }

    private static func named(_ join: PartitionJoin, _ naming: Int?, _ place: Int) -> Named {
        let span = join.spans[place]
        return Named(
            start: span.start, spanID: span.spanID, name: Array(join.name(naming, place)))
    }

    private static func keep(
        _ kept: inout Named?, _ other: Named,
        _ isBetter: ((UInt64, UInt64), (UInt64, UInt64)) -> Bool
    ) {
        let isKept = kept.map { !isBetter((other.start, other.spanID), ($0.start, $0.spanID)) }
        if isKept != true { kept = other }
    }
}
