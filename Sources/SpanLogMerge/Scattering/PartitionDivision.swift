import SpanLogFormat
import SpanLogStore

/// Divides a partition that is too large for the memory, chunk by chunk.
struct PartitionDivision {
    private let space: SpillSpace
    private let place: (Record) -> Int
    private var pool: ChunkMemoryPool
    private var chunks: [PartitionChunk]
    private var parts: [PartitionData.Source]

    /// The bits by which one division tells parts apart.
    static let bits: UInt64 = 6

    /// Divides by the bits of the records' order that follow the first `usedBits`, which they share.
    init(_ plan: MergePlan, _ space: SpillSpace, usedBits: UInt64) {
        self.init(plan, space, count: 1 << Self.bits) { record in
            Int(truncatingIfNeeded: (record.order << usedBits) >> (64 - Self.bits))
        }
    }

    /// Divides records with the same last half of their trace ids by the first half, in order.
    init(_ plan: MergePlan, _ space: SpillSpace, _ halves: PartitionData.FirstHalves) {
        let spread = halves.greatest - halves.least
        let shift = UInt64(
            max(0, UInt64.bitWidth - spread.leadingZeroBitCount - Int(Self.bits)))
        self.init(plan, space, count: 1 << Self.bits) { record in
            Int(truncatingIfNeeded: (record.traceHigh - halves.least) >> shift)
        }
    }

    /// Divides into `count` parts, as `place` says.
    init(
        _ plan: MergePlan, _ space: SpillSpace, count: Int, place: @escaping (Record) -> Int
    ) {
        self.space = space
        self.place = place
        pool = ChunkMemoryPool(chunkByteCount: max(plan.partitionBytesMax / count, 1 << 12))
        chunks = Array(repeating: PartitionChunk(), count: count)
        parts = Array(repeating: PartitionData.Source(area: SpillArea()), count: count)
    }

    /// The parts of `source`, in order. It is empty afterwards.
    ///
    /// - Throws: ``MergeError`` if temporary space cannot be used.
    consuming func divide(
        _ source: inout PartitionData.Source
    ) throws -> [PartitionData.Source] {
        try space.release(&source) { try add($0) }
        // In the order of the file, so that what is free is in one piece.
        for chunk in source.spilled.sorted(by: { $0.offset < $1.offset }) {
            try add(try space.using { try chunk.read() })
            chunk.free()
        }
        source = PartitionData.Source()
        for index in chunks.indices { try spill(index) }
        return parts
    }

    private mutating func add(_ chunk: PartitionChunk) throws {
        for index in chunks.indices { chunks[index].forgetNumbers() }
        try unsafe chunk.withRecords { records, texts in
            for index in records.indices {
                let record = unsafe records[index]
                let start = texts.count - Int(record.offset)
                let name = start..<start + Int(record.nameCount)
                let called = name.upperBound..<name.upperBound + Int(record.calledCount)
                try unsafe add(
                    record, chunk.ownProducers, name: UnsafeRawBufferPointer(rebasing: texts[name]),
                    called: UnsafeRawBufferPointer(rebasing: texts[called]))
            }
        }
    }

    private mutating func add(
        _ record: Record, _ ownProducers: [Producer], name: UnsafeRawBufferPointer,
        called: UnsafeRawBufferPointer
    ) throws {
        var record = record
        let index = place(record)
        if !chunks[index].hasRoom(textByteCount: record.texts.count) {
            try spill(index)
            chunks[index].makeRoom(textByteCount: record.texts.count, from: &pool)
        }
        if !record.traits.contains(.isLink), record.producer & Record.ownProducer != 0 {
            let producer = ownProducers[Int(record.producer ^ Record.ownProducer)]
            chunks[index].take(producer, of: &record)
        }
        unsafe chunks[index].append(record, name: name, called: called)
    }

    private mutating func spill(_ index: Int) throws {
        // What one chunk gives back has no room for another of a different size, so parts that stayed
        // in memory would take it twice.
        try space.spill(&chunks[index], to: &parts[index])
    }
}
