import SpanLogFormat
import SpanLogStore

/// All records of one partition in memory, in the order of their traces and spans, and their texts.
///
/// The buffers are used again for the next partition.
struct PartitionData {
    /// In order.
    private(set) var records: [Record] = []
    /// Longer than what is in use.
    private(set) var bytes: [UInt8] = []
    /// The producers that records name by their places.
    private(set) var ranked: RankedProducers
    private let blocks: BlockSequences
    /// All that are registered, by which the records of most partitions go.
    private let registered: RankedProducers
    private var buckets: [UInt32] = []

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
            held.reduce(0) { $0 + $1.recordCount } + spilled.reduce(0) { $0 + $1.recordCount }
        }

        /// What the records take in memory once they are loaded.
        var byteCount: Int { textByteCount + recordCount * MemoryLayout<Record>.stride }

        var textByteCount: Int {
            held.reduce(0) { $0 + $1.textByteCount } + spilled.reduce(0) { $0 + $1.textByteCount }
        }
    }

    /// Takes the records of `source`, which is empty afterwards, in place of those that were there.
    mutating func load(freeing source: inout Source, from space: SpillSpace) throws {
        try load(source, from: space)
        space.free(&source)
    }

    /// Takes the records of `source` in place of those that were there.
    mutating func load(_ source: Source, from space: SpillSpace) throws {
        let textByteCount = source.textByteCount
        guard textByteCount <= UInt32.max else {
            throw MergeError(
                .writeFailed,
                "The records of one span have names of more than 4 GiB together, which no merge can "
                    + "hold: leave out the store that repeats them. No archive was written.")
        }
        if bytes.count < textByteCount { bytes = Array(repeating: 0, count: textByteCount) }
        var places = ProducerPlaces(registered)
        var parts = source.held.map { Part($0, &places) }
        for chunk in source.spilled {
            parts.append(Part(try space.using { try chunk.read() }, &places))
        }
        var textsEnd = 0
        for index in parts.indices {
            parts[index].chunk.copyTexts(over: &bytes, at: textsEnd)
            textsEnd += parts[index].chunk.textByteCount
            parts[index].textsEnd = UInt32(textsEnd)
        }
        sort(parts)
        rank(places)
    }

    /// Records that were gathered together.
    private struct Part {
        let chunk: PartitionChunk
        /// The places of the producers that the chunk knows by numbers of its own.
        let ownProducers: [UInt32]
        /// Where the texts end among those of the partition.
        var textsEnd: UInt32 = 0

        init(_ chunk: PartitionChunk, _ places: inout ProducerPlaces) {
            self.chunk = chunk
            ownProducers = chunk.ownProducers.map { places.place(of: $0) }
        }
    }

    /// Lets the record of a part refer to the partition's texts and producers.
    @inline(__always)
    private func placed(_ record: Record, _ part: Part) -> Record {
        guard !record.traits.contains(.isLink) else { return record }
        var record = record
        record.offset = part.textsEnd - record.offset
        record.producer =
            record.producer & Record.ownProducer == 0
            ? registered.ranks[Int(record.producer)]
            : part.ownProducers[Int(record.producer ^ Record.ownProducer)]
        return record
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
    /// Puts the records in order: by trace, then spans before links before what is set aside, then by span.
    ///
    /// The scrambled ids are evenly spread, so most of the work is putting each into its bucket.
    private mutating func sort(_ parts: [Part]) {
        var (least, greatest, count) = (UInt64.max, UInt64.min, 0)
        for part in parts {
            part.chunk.forEachRecord { record in
                least = min(least, record.order)
                greatest = max(greatest, record.order)
            }
            count += part.chunk.recordCount
        }
        records.removeAll(keepingCapacity: true)
        guard count > 0 else { return }
        let spread = greatest - least
        let shift = UInt64(max(0, spread.bitWidth - spread.leadingZeroBitCount - Self.bits(count)))
        let bucketCount = Int(spread >> shift) + 2
        buckets.removeAll(keepingCapacity: true)
        buckets.append(contentsOf: repeatElement(0, count: bucketCount))
        for part in parts {
            part.chunk.forEachRecord { record in
                buckets[Int((record.order - least) >> shift) + 1] += 1
            }
        }
        for index in 1..<bucketCount { buckets[index] += buckets[index - 1] }
        records.append(contentsOf: repeatElement(.none, count: count))
        for part in parts {
            part.chunk.forEachRecord { record in
                let bucket = Int((record.order - least) >> shift)
                records[Int(buckets[bucket])] = placed(record, part)
                buckets[bucket] += 1
            }
        }
        var start = 0
        for bucket in 0..<bucketCount - 1 {
            let end = Int(buckets[bucket])
            sort(start, end)
            start = end
        }
    }

    /// Sorts a range of one trace by span, whatever the trace ids say.
    mutating func sortBySpan(_ start: Int, _ end: Int) {
        records[start..<end].sort { Mix.mix($0.spanID) < Mix.mix($1.spanID) }
    }

    private static func bits(_ count: Int) -> Int { Int.bitWidth - count.leadingZeroBitCount }

    private mutating func sort(_ start: Int, _ end: Int) {
        guard end - start > Self.insertionSortMax else {
            for index in start..<max(start, end) {
                let record = records[index]
                var hole = index
                while hole > start, Self.precedes(record, records[hole - 1]) {
                    records[hole] = records[hole - 1]
                    hole -= 1
                }
                if hole < index { records[hole] = record }
            }
            return
        }
        records[start..<end].sort(by: Self.precedes)
    }

    private static func precedes(_ left: Record, _ right: Record) -> Bool {
        if left.traceLow != right.traceLow { return left.order < right.order }
        let (first, second) = (rank(left), rank(right))
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
