import Dispatch
import SpanLogFormat
import SpanLogStore
import Synchronization

/// One merge as it runs: read and scatter, then join partition by partition.
struct MergeRun: Sendable {
    let merge: Merge
    let plan: MergePlan
    let space: SpillSpace
    /// What the files of the stores hold, by their sizes.
    let inputByteCount: UInt64
    let temporaryDirectory: String
    private let progress: ProgressMeter

    init(
        _ merge: Merge, adding archiveByteCount: UInt64 = 0, beside directory: String,
        _ progress: @escaping @Sendable (Merge.Progress) -> Void
    ) {
        self.merge = merge
        temporaryDirectory = merge.options.temporaryDirectory ?? directory
        inputByteCount = merge.stores.reduce(archiveByteCount) { $0 + $1.byteCount }
        plan = MergePlan(
            inputByteCount: inputByteCount, memoryByteCount: merge.options.memoryBytesMax,
            threadCount: max(1, merge.options.threadCount))
        space = SpillSpace(in: temporaryDirectory)
        self.progress = ProgressMeter(progress)
    }

    /// Reads, joins and writes.
    func write(
        to path: String, replacing isReplacing: Bool, _ archives: [ArchiveReader]
    ) throws -> MergeReport {
        let sink = Mutex<ArchiveWriter?>(
            try ArchiveWriter.create(path, space, plan, merge.unfinished))
        let (report, clocks) = try run(archives) { run in
            try sink.withLock { try $0?.append(run) }
        }
        guard let archive = sink.withLock({ $0.take() }) else {
            preconditionFailure("the archive is finished once")
        }
        try archive.finish(report, clocks, replacing: isReplacing)
        return report
    }

    /// Reads and joins, and writes nothing.
    func report(_ archives: [ArchiveReader]) throws -> MergeReport {
        try run(archives) { _ in }.report
    }

    private func run(
        _ archives: [ArchiveReader], _ take: @Sendable (ArchiveRun) throws -> Void
    ) throws -> (report: MergeReport, clocks: ArchiveClocks) {
        let scattered = try scatter(archives)
        let rules = OrphanRules(scattered.knowledge)
        let clocks = ClockCollection(
            scattered.clockSources, mode: merge.options.clockMode,
            factsBytesMax: plan.clockFactsBytesMax)
        let counts = try join(scattered, rules, clocks, take)
        let corrections = clocks.solve()
        let report = MergeReport(
            scattered, counts, corrections, temporaryByteCount: UInt64(space.byteCount))
        guard report.accounting.isBalanced else {
            throw MergeError(
                .unbalanced,
                "The counts of the merge do not add up, which is an error of spanlog: "
                    + "\(report.accounting). No archive was written; please report it.")
        }
        let kept = ArchiveClocks(corrections: corrections, sources: scattered.clockSources)
        return (report, kept)
    }
}

extension MergeRun {
    /// What the first half of a merge leaves to the second.
    struct Scattered: Sendable {
        var partitions: PartitionQueue
        var knowledge = RecorderKnowledge()
        var clockSources = ClockSources()
        var stores: [StoreReport] = []
        var readCount: UInt64 = 0
    }

    private func scatter(_ archives: [ArchiveReader]) throws -> Scattered {
        let reading = BlockReading(merge.stores)
        let results = Mutex<[Scatterer.Result]>([])
        let reports = Mutex<[Int: StoreReport]>([:])
        let knowledge = Mutex(RecorderKnowledge())
        let clockSources = Mutex(ClockSources())
        let failure = FirstFailure()
        inParallel(plan.threadCount) { thread in
            var scatterer = Scatterer(plan, space)
            if thread == 0 {
                for archive in archives { failure.catching { try scatterer.add(archive) } }
            }
            reading.run { number, report in
                reports.withLock { $0[number] = report }
            } _: { block in
                guard !failure.isThere else { return }
                failure.catching { try scatterer.add(block) }
                knowledge.withLock { $0.add(block) }
                clockSources.withLock {
                    $0.add(block.header, holdsOpenSpans: block.holdsOpenSpans)
                }
                progress.advance(.reading, by: 1, of: 0)
            }
            clockSources.withLock { $0.add(scatterer.clockDomains) }
            let result = scatterer.finish()
            results.withLock { $0.append(result) }
        }
        try failure.rethrow()
        let gathered = results.withLock { results in
            defer { results = [] }
            return results
        }
        var scattered = Scattered(partitions: PartitionQueue(gathered, plan.partitionCount))
        scattered.readCount = gathered.reduce(0) { $0 + $1.readCount }
        scattered.stores = reports.withLock { reports in
            reports.sorted { $0.key < $1.key }.map(\.value)
        }
        scattered.knowledge = knowledge.withLock { $0 }
        scattered.clockSources = clockSources.withLock { $0 }
        for archive in archives {
            scattered.knowledge.add(archive.report)
            scattered.clockSources.add(try archive.clockSources())
        }
        return scattered
    }

    private func join(
        _ scattered: Scattered, _ rules: OrphanRules, _ clocks: ClockCollection,
        _ take: @Sendable (ArchiveRun) throws -> Void
    ) throws -> MergeCounts {
        let next = Atomic(0)
        let turns = Turns(count: plan.partitionCount)
        let total = Mutex(MergeCounts())
        let failure = FirstFailure()
        let recordCount = Int(clamping: scattered.readCount)
        inParallel(plan.threadCount) { _ in
            var join = PartitionJoin(rules, merge.options, clocks)
            while true {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < plan.partitionCount else { break }
                let source = scattered.partitions.take(number)
                let before = join.counts.seen
                let turn = turns.turn(number)
                failure.catching {
                    try joinParts(of: source, usedBits: plan.partitionBits, &join) { run in
                        turn.wait()
                        if !failure.isThere { try take(run) }
                    }
                }
                turn.end()
                progress.advance(.writing, by: Int(join.counts.seen - before), of: recordCount)
            }
            join.clocks.finish()
            let counts = join.counts
            total.withLock { $0.merge(counts) }
        }
        try failure.rethrow()
        return total.withLock { $0 }
    }

    /// Joins a partition, divided as often as it takes to fit into memory.
    private func joinParts(
        of source: PartitionData.Source, usedBits: UInt64, _ join: inout PartitionJoin,
        _ take: (ArchiveRun) throws -> Void
    ) throws {
        guard source.byteCount > plan.partitionBytesMax, usedBits < 64 else {
            try join.join(source, from: space)
            return try take(join.takeArchive())
        }
        if let low = try source.dominantTrace(in: space) {
            let order = Mix.mix(low)
            let division = PartitionDivision(plan, space, count: 3) { record in
                record.order < order ? 0 : record.order == order ? 1 : 2
            }
            let parts = try division.divide(source)
            try joinParts(of: parts[0], usedBits: usedBits, &join, take)
            try joinLarge(parts[1], &join, take)
            return try joinParts(of: parts[2], usedBits: usedBits, &join, take)
        }
        let division = PartitionDivision(plan, space, usedBits: usedBits)
        for part in try division.divide(source) where part.recordCount > 0 {
            try joinParts(of: part, usedBits: usedBits + PartitionDivision.bits, &join, take)
        }
    }

    /// Joins a trace that does not fit into memory, in shares that do.
    private func joinLarge(
        _ source: PartitionData.Source, _ join: inout PartitionJoin,
        _ take: (ArchiveRun) throws -> Void
    ) throws {
        guard source.byteCount > plan.partitionBytesMax, try source.isOneTrace(in: space) else {
            try join.join(source, from: space)
            return try take(join.takeArchive())
        }
        var bits: UInt64 = 0
        while bits < 12, source.byteCount >> bits > plan.partitionBytesMax / 2 { bits += 1 }
        let shift = 64 - bits
        let division = PartitionDivision(plan, space, count: 1 << bits) { record in
            Int(truncatingIfNeeded: Mix.mix(record.spanID) >> shift)
        }
        try join.joinLarge(try division.divide(source), from: space, take)
    }

    private func inParallel(_ count: Int, _ body: @Sendable (Int) -> Void) {
        DispatchQueue.concurrentPerform(iterations: count, execute: body)
    }
}

/// The partitions that wait to be joined. One that is taken is held by nobody else, so that its
/// memory is free once it is joined.
final class PartitionQueue: Sendable {
    private let sources: Mutex<[PartitionData.Source]>

    /// Puts together what several threads have gathered.
    init(_ results: [Scatterer.Result], _ count: Int) {
        var sources = Array(repeating: PartitionData.Source(), count: count)
        for result in results {
            for index in sources.indices {
                if !result.chunks[index].records.isEmpty {
                    sources[index].chunks.append(result.chunks[index])
                }
                sources[index].spilled += result.spilled[index]
            }
        }
        self.sources = Mutex(sources)
    }

    func take(_ number: Int) -> PartitionData.Source {
        sources.withLock { sources in
            defer { sources[number] = PartitionData.Source() }
            return sources[number]
        }
    }
}

/// The first error of several threads.
private final class FirstFailure: Sendable {
    private let error = Mutex<(any Error)?>(nil)
    private let flag = Atomic(false)

    var isThere: Bool { flag.load(ordering: .relaxed) }

    func catching(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            self.error.withLock { if $0 == nil { $0 = error } }
            flag.store(true, ordering: .relaxed)
        }
    }

    func rethrow() throws {
        if let error = error.withLock({ $0 }) { throw error }
    }
}

/// Adds up what several threads have done, and tells of it by one thread at a time.
private final class ProgressMeter: Sendable {
    private let done = Mutex<(stage: Merge.Progress.Stage?, count: Int)>((nil, 0))
    private let report: @Sendable (Merge.Progress) -> Void

    init(_ report: @escaping @Sendable (Merge.Progress) -> Void) {
        self.report = report
    }

    func advance(_ stage: Merge.Progress.Stage, by count: Int, of total: Int) {
        done.withLock { done in
            if done.stage != stage { done = (stage, 0) }
            done.count += count
            report(.init(stage: stage, done: done.count, total: total))
        }
    }
}
