import SpanLogFormat
import SpanLogStore

/// Where the parts of a partition go, in their turn.
struct PartitionOutput {
    let turn: Turns<ArchiveRun>.Turn
    /// The partitions that nobody has begun with.
    let queue: PartitionQueue
    let take: (ArchiveRun) throws -> Void

    /// Takes the only part.
    func finish(_ run: ArchiveRun) throws {
        try turn.handIn(run, take)
    }

    func append(_ run: ArchiveRun) throws {
        turn.wait()
        try take(run)
    }
}

extension MergeRun {
    /// Joins a partition, which is empty afterwards.
    func joinPartition(
        _ source: inout PartitionData.Source, _ join: inout PartitionJoin, _ output: PartitionOutput
    ) throws {
        guard source.byteCount <= plan.partitionBytesMax else {
            return try joinParts(of: &source, usedBits: plan.partitionBits, &join, output)
        }
        try join.join(&source, from: space, matchesLow64: merge.options.matchesLow64)
        try output.finish(join.takeArchive())
    }

    /// Joins a partition, divided as often as it takes to fit into memory. It is empty afterwards.
    func joinParts(
        of source: inout PartitionData.Source, usedBits: UInt64, _ join: inout PartitionJoin,
        _ output: PartitionOutput
    ) throws {
        guard source.byteCount > plan.partitionBytesMax, usedBits < 64 else {
            return try joinWhole(
                &source, matchesLow64: merge.options.matchesLow64, &join, output)
        }
        if let low = try source.dominantTrace(in: space) {
            return try joinAround(low, &source, usedBits: usedBits, &join, output)
        }
        let division = PartitionDivision(plan, space, usedBits: usedBits)
        var parts = try division.divide(&source)
        for index in parts.indices where parts[index].recordCount > 0 {
            let usedBits = usedBits + PartitionDivision.bits
            try joinParts(of: &parts[index], usedBits: usedBits, &join, output)
        }
    }

    /// Joins a partition that is too large since so many records have trace ids that end with `low`.
    private func joinAround(
        _ low: UInt64, _ source: inout PartitionData.Source, usedBits: UInt64,
        _ join: inout PartitionJoin, _ output: PartitionOutput
    ) throws {
        let matchesLow64 = merge.options.matchesLow64
        let halves = try source.firstHalves(of: low, in: space)
        let trace = halves.trace(matchesLow64: matchesLow64)
        let isLarge = halves.byteCount > plan.partitionBytesMax
        let shares = isLarge && trace != nil ? TraceShares(halves.byteCount, plan) : nil
        let (order, count) = (Mix.mix(low), shares?.count ?? 1)
        let division = PartitionDivision(plan, space, count: count + 2) { record in
            if record.order != order { return record.order < order ? 0 : count + 1 }
            return 1 + (shares?.share(of: record) ?? 0)
        }
        if shares != nil { try makeRoom(output) }
        var parts = try division.divide(&source)
        try joinParts(of: &parts[0], usedBits: usedBits, &join, output)
        if shares != nil, let trace {
            try joinShares(Array(parts[1...count]), of: trace, &join, output)
        } else {
            try joinHalves(&parts[1], low, matchesLow64: matchesLow64, &join, output)
        }
        try joinParts(of: &parts[count + 1], usedBits: usedBits, &join, output)
    }

    /// Joins traces that share the last half of their ids.
    private func joinHalves(
        _ source: inout PartitionData.Source, _ low: UInt64, matchesLow64: Bool,
        _ join: inout PartitionJoin, _ output: PartitionOutput
    ) throws {
        guard source.byteCount > plan.partitionBytesMax else {
            return try joinWhole(&source, matchesLow64: matchesLow64, &join, output)
        }
        let halves = try source.firstHalves(of: low, in: space)
        guard let trace = halves.trace(matchesLow64: matchesLow64) else {
            // Ascending, as traces stand in the archive. What a part has none of may be in another,
            // so ids of 64 bits are not matched any more.
            var parts = try PartitionDivision(plan, space, halves).divide(&source)
            for index in parts.indices where parts[index].recordCount > 0 {
                try joinHalves(&parts[index], low, matchesLow64: false, &join, output)
            }
            return
        }
        try makeRoom(output)
        let shares = TraceShares(source.byteCount, plan)
        let division = PartitionDivision(plan, space, count: shares.count, place: shares.share)
        try joinShares(try division.divide(&source), of: trace, &join, output)
    }

    /// What is known of all spans of a large trace takes much memory itself: there is one such trace at
    /// a time, and what waits is on disk.
    private func makeRoom(_ output: PartitionOutput) throws {
        output.turn.wait()
        try output.queue.spill(to: space)
    }

    /// Joins a trace that has no room in memory, from shares that have.
    private func joinShares(
        _ shares: [PartitionData.Source], of trace: TraceID, _ join: inout PartitionJoin,
        _ output: PartitionOutput
    ) throws {
        var shares = shares
        FreeMemory.giveBack()
        try join.joinLarge(trace, shares, from: space) { try output.append($0) }
        for index in shares.indices { space.free(&shares[index]) }
    }

    /// Joins what fits into memory.
    private func joinWhole(
        _ source: inout PartitionData.Source, matchesLow64: Bool, _ join: inout PartitionJoin,
        _ output: PartitionOutput
    ) throws {
        try join.join(&source, from: space, matchesLow64: matchesLow64)
        try output.append(join.takeArchive())
    }
}

/// How a trace that has no room in memory is divided: into ranges of its spans' scrambled ids.
private struct TraceShares {
    private let bits: UInt64

    init(_ byteCount: Int, _ plan: MergePlan) {
        var bits: UInt64 = 0
        while bits < 12, byteCount >> bits > plan.partitionBytesMax / 2 { bits += 1 }
        self.bits = bits
    }

    var count: Int { 1 << bits }

    func share(of record: Record) -> Int {
        Int(truncatingIfNeeded: Mix.mix(record.spanID) >> (64 - bits))
    }
}
