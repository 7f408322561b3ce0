import Synchronization

/// The partitions that wait to be joined. One that is taken is held by nobody else, so that its
/// memory is free once it is joined.
final class PartitionQueue: Sendable {
    private let sources: Mutex<[PartitionData.Source]>

    /// Puts together what several threads have gathered.
    init(_ results: [Scatterer.Result], _ count: Int) {
        var sources = Array(repeating: PartitionData.Source(), count: count)
        for result in results {
            for index in sources.indices { sources[index] += result.partitions[index] }
        }
        self.sources = Mutex(sources)
    }

    func take(_ number: Int) -> PartitionData.Source {
        sources.withLock { sources in
            defer { sources[number] = PartitionData.Source() }
            return sources[number]
        }
    }

    /// Takes the partitions that wait out of memory.
    ///
    /// - Throws: ``MergeError`` if temporary space cannot be written.
    func spill(to space: SpillSpace) throws {
        try sources.withLock { sources in
            for index in sources.indices { try space.spill(&sources[index]) }
        }
        FreeMemory.giveBack()
    }
}
