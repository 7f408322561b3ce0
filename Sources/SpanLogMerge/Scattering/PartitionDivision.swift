import SpanLogFormat
import SpanLogStore

/// Divides a partition that is too large for the memory, chunk by chunk.
struct PartitionDivision {
    private let space: SpillSpace
    private let place: (Record) -> Int
    private let chunkBytesMax: Int
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
        chunkBytesMax = max(plan.partitionBytesMax / count, 1 << 12)
        chunks = Array(repeating: PartitionChunk(capacity: chunkBytesMax), count: count)
        parts = Array(repeating: PartitionData.Source(area: SpillArea()), count: count)
    }

    /// The parts of `source`, in order. It is empty afterwards.
    ///
    /// - Throws: ``MergeError`` if temporary space cannot be used.
    consuming func divide(
        _ source: inout PartitionData.Source
    ) throws -> [PartitionData.Source] {
        try space.release(&source) { chunk in
            try add(chunk.records[...], chunk.bytes, chunk.ownProducers)
        }
        var records: [Record] = []
        var bytes: [UInt8] = []
        // In the order of the file, so that what is free is in one piece.
        for chunk in source.spilled.sorted(by: { $0.offset < $1.offset }) {
            if records.count < chunk.recordCount {
                records = Array(repeating: .none, count: chunk.recordCount)
            }
            if bytes.count < chunk.textByteCount {
                bytes = Array(repeating: 0, count: chunk.textByteCount)
            }
            let producers = try space.using {
                try chunk.read(records: &records, at: 0, texts: &bytes, at: 0)
            }
            try add(records.prefix(chunk.recordCount), bytes, producers)
            chunk.free()
        }
        source = PartitionData.Source()
        for index in chunks.indices { try spill(index) }
        return parts
    }

    private mutating func add(
        _ records: ArraySlice<Record>, _ bytes: [UInt8], _ ownProducers: [Producer]
    ) throws {
        for index in chunks.indices { chunks[index].forgetNumbers() }
        for record in records {
            let index = place(record)
            if record.traits.contains(.isLink) {
                chunks[index].append(record)
            } else if record.producer & Record.ownProducer == 0 {
                chunks[index].append(
                    record, name: bytes[record.name], called: Array(bytes[record.called]))
            } else {
                let producer = ownProducers[Int(record.producer ^ Record.ownProducer)]
                chunks[index].append(
                    record, name: bytes[record.name], called: Array(bytes[record.called]), of: producer)
            }
            guard chunks[index].byteCount >= chunkBytesMax else { continue }
            try spill(index)
        }
    }

    private mutating func spill(_ index: Int) throws {
        // What one chunk gives back has no room for another of a different size, so parts that stayed
        // in memory would take it twice.
        try space.spill(&chunks[index], to: &parts[index])
    }
}
