import SpanLogFormat
import SpanLogStore

/// Divides a partition that is too large for the memory, chunk by chunk.
struct PartitionDivision {
    private let plan: MergePlan
    private let space: SpillSpace
    private let place: (Record) -> Int
    private var chunks: [PartitionChunk]
    private var spilled: [[SpilledChunk]]

    /// The bits by which one division tells parts apart.
    static let bits: UInt64 = 6

    /// Divides by the bits of the records' order that follow the first `usedBits`, which they share.
    init(_ plan: MergePlan, _ space: SpillSpace, usedBits: UInt64) {
        self.init(plan, space, count: 1 << Self.bits) { record in
            Int(truncatingIfNeeded: (record.order << usedBits) >> (64 - Self.bits))
        }
    }

    /// Divides into `count` parts, as `place` says.
    init(
        _ plan: MergePlan, _ space: SpillSpace, count: Int, place: @escaping (Record) -> Int
    ) {
        self.plan = plan
        self.space = space
        self.place = place
        chunks = Array(repeating: PartitionChunk(), count: count)
        spilled = Array(repeating: [], count: count)
    }

    /// The parts of `source`, in order.
    ///
    /// - Throws: ``MergeError`` if temporary space cannot be used.
    consuming func divide(_ source: PartitionData.Source) throws -> [PartitionData.Source] {
        for chunk in source.chunks {
            try add(chunk.records[...], chunk.bytes, chunk.producers)
        }
        var records: [Record] = []
        var bytes: [UInt8] = []
        for chunk in source.spilled {
            if records.count < chunk.recordCount {
                records = Array(repeating: .none, count: chunk.recordCount)
            }
            if bytes.count < chunk.contentByteCount {
                bytes = Array(repeating: 0, count: chunk.contentByteCount)
            }
            let producers = try space.withFile { file in
                try chunk.read(from: file, records: &records, at: 0, bytes: &bytes, at: 0)
            }
            try add(records.prefix(chunk.recordCount), bytes, producers)
        }
        return chunks.indices.map { index in
            PartitionData.Source(
                chunks: chunks[index].records.isEmpty ? [] : [chunks[index]],
                spilled: spilled[index])
        }
    }

    private mutating func add(
        _ records: ArraySlice<Record>, _ bytes: [UInt8], _ producers: [Producer]
    ) throws {
        for index in chunks.indices { chunks[index].forgetNumbers() }
        let limit = max(plan.partitionBytesMax / chunks.count, 1 << 12)
        for record in records {
            let index = place(record)
            if record.traits.contains(.isLink) {
                chunks[index].append(record)
            } else {
                chunks[index].append(
                    record, bytes[record.range], producers[Int(record.producer)], record.producer)
            }
            guard chunks[index].byteCount >= limit else { continue }
            try space.withFile { file in
                spilled[index].append(try SpilledChunk(chunks[index], in: file))
            }
            chunks[index].removeAll(keepingCapacity: true)
        }
    }
}

extension PartitionData.Source {
    /// The lower half of a trace id that most of the records share, if there is one.
    ///
    /// - Complexity: O(*n*) in the number of records, which are read without their bytes.
    func dominantTrace(in space: SpillSpace) throws -> UInt64? {
        // Boyer and Moore's vote: what more than half of them share survives it.
        var (candidate, votes) = (UInt64(0), 0)
        try forEachRecord(in: space) { record in
            if votes == 0 { candidate = record.traceLow }
            votes += record.traceLow == candidate ? 1 : -1
        }
        var count = 0
        try forEachRecord(in: space) { if $0.traceLow == candidate { count += 1 } }
        return count > recordCount / 2 ? candidate : nil
    }

    /// Whether all records have the same trace id.
    func isOneTrace(in space: SpillSpace) throws -> Bool {
        var (first, isOne) = (Optional<TraceID>.none, true)
        try forEachRecord(in: space) { record in
            guard !record.traits.contains(.isSetAside) else { return }
            if first == nil { first = record.traceID }
            if record.traceID != first { isOne = false }
        }
        return isOne
    }

    private func forEachRecord(in space: SpillSpace, _ body: (Record) -> Void) throws {
        for chunk in chunks { chunk.records.forEach(body) }
        var records: [Record] = []
        for chunk in spilled {
            if records.count < chunk.recordCount {
                records = Array(repeating: .none, count: chunk.recordCount)
            }
            try space.withFile { try chunk.read(from: $0, records: &records) }
            records.prefix(chunk.recordCount).forEach(body)
        }
    }

    /// The records of both.
    static func + (left: Self, right: Self) -> Self {
        Self(chunks: left.chunks + right.chunks, spilled: left.spilled + right.spilled)
    }
}
