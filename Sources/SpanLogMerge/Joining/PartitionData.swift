import SpanLogFormat
import SpanLogStore

/// All records of one partition in memory, in the order of their traces and spans, and their texts.
///
/// The buffers are used again for the next partition.
struct PartitionData {
    private(set) var records: [Record] = []
    /// Longer than what is in use.
    private(set) var bytes: [UInt8] = []
    /// The producers that records name by their places.
    private(set) var ranked: RankedProducers
    private let blocks: BlockSequences
    /// All that are registered, by which the records of most partitions go.
    private let registered: RankedProducers
    /// The places of records, in order.
    private(set) var order: [UInt32] = []
    private var buckets: [UInt32] = []
    private var unsorted: [Record] = []

    init(_ registered: RankedProducers, _ blocks: BlockSequences) {
        self.registered = registered
        self.blocks = blocks
        ranked = registered
    }

    var producers: [Producer] { ranked.producers }
    var services: [String] { ranked.services }
    var serviceBytes: [[UInt8]] { ranked.serviceBytes }
    var serviceOfProducer: [UInt32] { ranked.serviceOfProducer }
    var producerHashes: [UInt64] { ranked.hashes }

    /// What a partition is made of.
    struct Source: Sendable {
        /// Where in temporary space it is to lie, if that is decided.
        var area: SpillArea?
        /// What is in memory.
        var held: [PartitionChunk] = []
        var spilled: [SpilledChunk] = []

        var recordCount: Int {
            held.reduce(0) { $0 + $1.records.count } + spilled.reduce(0) { $0 + $1.recordCount }
        }

        /// What the records take in memory once they are loaded.
        var byteCount: Int { textByteCount + recordCount * MemoryLayout<Record>.stride }

        var textByteCount: Int {
            held.reduce(0) { $0 + $1.bytes.count } + spilled.reduce(0) { $0 + $1.textByteCount }
        }
    }

    /// Takes the records of `source`, which is empty afterwards, in place of those that were there.
    mutating func load(freeing source: inout Source, from space: SpillSpace) throws {
        try load(source, from: space)
        space.free(&source)
    }

    /// Takes the records of `source` in place of those that were there.
    mutating func load(_ source: Source, from space: SpillSpace) throws {
        let (recordCount, byteCount) = (source.recordCount, source.textByteCount)
        records.removeAll(keepingCapacity: true)
        records.append(contentsOf: repeatElement(Record.none, count: recordCount))
        if bytes.count < byteCount { bytes = Array(repeating: 0, count: byteCount) }
        var places = ProducerPlaces(registered)
        var (record, byte) = (0, 0)
        for chunk in source.held {
            records.replaceSubrange(record..<record + chunk.records.count, with: chunk.records)
            bytes.replaceSubrange(byte..<byte + chunk.bytes.count, with: chunk.bytes)
            place(chunk.records.count, at: record, byte, chunk.ownProducers, &places)
            record += chunk.records.count
            byte += chunk.bytes.count
        }
        for chunk in source.spilled {
            let producers = try space.using {
                try chunk.read(records: &records, at: record, texts: &bytes, at: byte)
            }
            place(chunk.recordCount, at: record, byte, producers, &places)
            record += chunk.recordCount
            byte += chunk.textByteCount
        }
        rank(places)
        sort()
    }

    /// Lets the records of a chunk refer to the partition's texts and producers.
    private mutating func place(
        _ count: Int, at first: Int, _ offset: Int, _ ownProducers: [Producer],
        _ places: inout ProducerPlaces
    ) {
        let own = ownProducers.map { places.place(of: $0) }
        for index in first..<first + count where !records[index].traits.contains(.isLink) {
            records[index].offset += UInt32(offset)
            let producer = records[index].producer
            records[index].producer =
                producer & Record.ownProducer == 0
                ? registered.ranks[Int(producer)] : own[Int(producer ^ Record.ownProducer)]
        }
    }

    private mutating func rank(_ places: ProducerPlaces) {
        guard places.hasOwn else { return ranked = registered }
        ranked = RankedProducers(places.producers)
        for index in records.indices where !records[index].traits.contains(.isLink) {
            records[index].producer = ranked.ranks[Int(records[index].producer)]
        }
    }
}

extension PartitionData {
    /// The number of a record's block among those of its recorder, plus 1; 0 for what was open when
    /// its recorder was last alive.
    func sequence(of record: Record) -> UInt64 { blocks[record.block] }

    /// Where a record was found. Equal for the same record in another copy of its store.
    func key(_ record: Record) -> (producer: UInt32, sequence: UInt64, index: UInt32) {
        let sequence = sequence(of: record)
        // Which spans were open is said anew with each copy, in any order.
        return (record.producer, sequence, sequence == 0 ? 0 : record.index)
    }
}

extension PartitionData {
    /// Sorts by trace, then spans before links before what is set aside, then by span.
    ///
    /// The scrambled ids are evenly spread, so most of the work is putting each into its bucket.
    private mutating func sort() {
        let count = records.count
        order.removeAll(keepingCapacity: true)
        guard count > 0 else { return }
        let least = records.lazy.map(\.order).min() ?? 0
        let spread = (records.lazy.map(\.order).max() ?? 0) - least
        let shift = UInt64(max(0, spread.bitWidth - spread.leadingZeroBitCount - Self.bits(count)))
        let bucketCount = Int(spread >> shift) + 2
        buckets.removeAll(keepingCapacity: true)
        buckets.append(contentsOf: repeatElement(0, count: bucketCount))
        for record in records { buckets[Int((record.order - least) >> shift) + 1] += 1 }
        for index in 1..<bucketCount { buckets[index] += buckets[index - 1] }
        order.append(contentsOf: repeatElement(0, count: count))
        for index in records.indices {
            let bucket = Int((records[index].order - least) >> shift)
            order[Int(buckets[bucket])] = UInt32(index)
            buckets[bucket] += 1
        }
        var start = 0
        for bucket in 0..<bucketCount - 1 {
            let end = Int(buckets[bucket])
            sort(start, end)
            start = end
        }
        moveRecords()
    }

    /// Lets the records themselves stand in order: they are read several times, and memory is fast
    /// from front to back.
    private mutating func moveRecords() {
        swap(&records, &unsorted)
        records.removeAll(keepingCapacity: true)
        records.reserveCapacity(unsorted.count)
        for index in order.indices {
            records.append(unsorted[Int(order[index])])
            order[index] = UInt32(index)
        }
    }

    /// Sorts a range of one trace by span, whatever the trace ids say.
    mutating func sortBySpan(_ start: Int, _ end: Int) {
        let sorted = order[start..<end].sorted {
            Mix.mix(records[Int($0)].spanID) < Mix.mix(records[Int($1)].spanID)
        }
        order.replaceSubrange(start..<end, with: sorted)
    }

    private static func bits(_ count: Int) -> Int { Int.bitWidth - count.leadingZeroBitCount }

    private mutating func sort(_ start: Int, _ end: Int) {
        guard end - start > Self.insertionSortMax else {
            for index in start..<max(start, end) {
                let place = order[index]
                var hole = index
                while hole > start, precedes(place, order[hole - 1]) {
                    order[hole] = order[hole - 1]
                    hole -= 1
                }
                order[hole] = place
            }
            return
        }
        let sorted = order[start..<end].sorted { precedes($0, $1) }
        order.replaceSubrange(start..<end, with: sorted)
    }

    private func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
        let (left, right) = (records[Int(left)], records[Int(right)])
        if left.traceLow != right.traceLow { return left.order < right.order }
        let (first, second) = (Self.rank(left), Self.rank(right))
        if first != second { return first < second }
        if left.traceHigh != right.traceHigh { return left.traceHigh < right.traceHigh }
        return Mix.mix(left.spanID) < Mix.mix(right.spanID)
    }

    private static func rank(_ record: Record) -> UInt16 {
        record.traits.rawValue
            & (Record.Traits.isLink.rawValue | Record.Traits.isSetAside.rawValue)
    }

    private static let insertionSortMax = 24
}

/// The producers of a partition, each once: all that are registered, and what its chunks have.
private struct ProducerPlaces {
    private(set) var producers: [Producer]
    private let registeredCount: Int
    private var places: [Producer.Name: UInt32] = [:]

    init(_ registered: RankedProducers) {
        producers = registered.producers
        registeredCount = producers.count
    }

    var hasOwn: Bool { producers.count > registeredCount }

    /// The place of a producer that is not registered.
    mutating func place(of producer: Producer) -> UInt32 {
        if let place = places[producer.name] { return place }
        let place = UInt32(producers.count)
        producers.append(producer)
        places[producer.name] = place
        return place
    }
}
