import SpanLogStore
import Synchronization

extension MergeRun {
    /// What the first half of a merge leaves to the second.
    struct Scattered: Sendable {
        let partitions: PartitionQueue
        let knowledge: RecorderKnowledge
        let clockSources: ClockSources
        let stores: [StoreReport]
        let readCount: UInt64
        let blocks: BlockSequences
    }

    /// What all threads together have read.
    private struct Gathered: Sendable {
        var results: [Scatterer.Result] = []
        var reports: [Int: StoreReport] = [:]
        var knowledge = RecorderKnowledge()
        var clockSources = ClockSources()
    }

    /// Reads everything and sorts it into partitions.
    ///
    /// - Throws: The first error of a thread; the others end with the block at hand.
    func scatter(
        _ archives: [ArchiveReader], _ blocks: BlockCollection
    ) throws -> Scattered {
        let reading = BlockReading(merge.stores)
        let areas = SpillArea.areas(ofPartitions: plan.partitionCount)
        let gathered = Mutex(Gathered())
        let failure = FirstFailure()
        inParallel(plan.threadCount) { thread in
            failure.catching {
                try scatter(thread == 0 ? archives : [], reading, blocks, areas, into: gathered)
            }
            if failure.isThere { reading.stop() }
        }
        try failure.rethrow()
        try blocks.finish()
        var all = gathered.withLock { gathered in
            defer { gathered = Gathered() }
            return gathered
        }
        for archive in archives {
            all.knowledge.add(archive.report)
            all.clockSources.add(try archive.clockSources())
        }
        return Scattered(
            partitions: PartitionQueue(all.results, plan.partitionCount), knowledge: all.knowledge,
            clockSources: all.clockSources,
            stores: all.reports.sorted { $0.key < $1.key }.map(\.value),
            readCount: all.results.reduce(0) { $0 + $1.readCount }, blocks: blocks.sequences)
    }

    /// What one thread reads.
    private func scatter(
        _ archives: [ArchiveReader], _ reading: BlockReading, _ blocks: BlockCollection,
        _ areas: [SpillArea], into gathered: borrowing Mutex<Gathered>
    ) throws {
        var scatterer = Scatterer(plan, space, producers, blocks, areas)
        for archive in archives { try scatterer.add(archive) }
        try reading.run { number, report in
            gathered.withLock { $0.reports[number] = report }
        } _: { block, value in
            try scatterer.add(block, value)
            gathered.withLock {
                $0.knowledge.add(block)
                $0.clockSources.add(block.header, holdsOpenSpans: block.holdsOpenSpans)
            }
            progress.advance(.reading, by: 1, of: 0)
        }
        gathered.withLock { $0.clockSources.add(scatterer.clockDomains) }
        let result = try scatterer.finish()
        gathered.withLock { $0.results.append(result) }
    }
}
