import Dispatch
import SpanLogFormat
import SpanLogStore
import Synchronization

/// One merge as it runs: read and scatter, then join partition by partition.
struct MergeRun: Sendable {
    let merge: Merge
    let plan: MergePlan
    let space: SpillSpace
    let producers: ProducerRegistry
    /// What the files of the stores and archives take.
    let inputByteCount: UInt64
    /// The records that they hold, roughly.
    let spanCount: UInt64
    /// What is known of these takes so much, roughly.
    let recordsByteCount: UInt64
    let temporaryDirectory: String
    let progress: ProgressMeter

    init(
        _ merge: Merge, adding archive: ArchiveReader.Size = .init(), beside directory: String,
        _ progress: @escaping @Sendable (Merge.Progress) -> Void
    ) {
        self.merge = merge
        temporaryDirectory = merge.options.temporaryDirectory ?? directory
        inputByteCount = merge.stores.reduce(archive.byteCount) { $0 + $1.byteCount }
        spanCount = merge.stores.reduce(archive.spanCount) { $0 + $1.estimatedSpanCount }
        recordsByteCount = spanCount * UInt64(Record.usualByteCount)
        plan = MergePlan(
            recordsByteCount: recordsByteCount, memoryByteCount: merge.options.memoryBytesMax,
            threadCount: max(1, merge.options.threadCount))
        space = SpillSpace(in: temporaryDirectory, heldBytesMax: plan.heldBytesMax)
        producers = ProducerRegistry(bytesMax: plan.producerBytesMax)
        self.progress = ProgressMeter(progress)
    }

    /// Reads, joins and writes.
    func write(
        to path: String, replacing isReplacing: Bool, _ archives: [ArchiveReader]
    ) throws -> MergeReport {
        let writer = SharedArchiveWriter(
            try ArchiveWriter.create(path, space, plan, merge.unfinished))
        let (report, clocks) = try run(archives, to: writer)
        try writer.finish(report, clocks, replacing: isReplacing)
        return report
    }

    /// Reads and joins, and writes nothing.
    func report(_ archives: [ArchiveReader]) throws -> MergeReport {
        try run(archives, to: nil).report
    }

    private func run(
        _ archives: [ArchiveReader], to writer: SharedArchiveWriter?
    ) throws -> (report: MergeReport, clocks: ArchiveClocks) {
        let scattered = try scatter(archives, BlockCollection(writer))
        let rules = OrphanRules(scattered.knowledge)
        let clocks = ClockCollection(
            scattered.clockSources, mode: merge.options.clockMode,
            factsBytesMax: plan.clockFactsBytesMax)
        let counts = try join(scattered, rules, clocks) { try writer?.append($0) }
        let corrections = try writeIndex(to: writer) { clocks.solve() }
        let report = MergeReport(
            scattered, counts, corrections, temporaryByteCount: UInt64(space.byteCountMax))
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
    private func join(
        _ scattered: Scattered, _ rules: OrphanRules, _ clocks: ClockCollection,
        _ take: @Sendable (ArchiveRun) throws -> Void
    ) throws -> MergeCounts {
        let next = Atomic(0)
        let turns = Turns<ArchiveRun>(count: plan.partitionCount, leftMax: plan.threadCount)
        let total = Mutex(MergeCounts())
        let failure = FirstFailure()
        let recordCount = Int(clamping: scattered.readCount)
        let ranked = RankedProducers(producers.producers)
        inParallel(plan.threadCount) { _ in
            var join = PartitionJoin(rules, ranked, scattered.blocks, clocks, merge.options)
            while true {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < plan.partitionCount else { break }
                var source = scattered.partitions.take(number)
                let before = join.counts.seen
                let turn = turns.turn(number)
                failure.catching {
                    guard !failure.isThere else { return }
                    try withoutActuallyEscaping(take) { take in
                        let output = PartitionOutput(turn: turn, queue: scattered.partitions) {
                            if !failure.isThere { try take($0) }
                        }
                        try joinPartition(&source, &join, output)
                    }
                }
                turn.end { run in
                    failure.catching { if !failure.isThere { try take(run) } }
                }
                progress.advance(.writing, by: Int(join.counts.seen - before), of: recordCount)
            }
            join.clocks.finish()
            let counts = join.counts
            total.withLock { $0.merge(counts) }
        }
        try failure.rethrow()
        return total.withLock { $0 }
    }

    func inParallel(_ count: Int, _ body: @Sendable (Int) -> Void) {
        DispatchQueue.concurrentPerform(iterations: count, execute: body)
    }
}
