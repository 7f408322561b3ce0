import SpanLogFormat
import SpanLogStore

/// Sorts the records of blocks into partitions by their trace ids. Each thread has its own.
struct Scatterer: ~Copyable {
    private let plan: MergePlan
    private let space: SpillSpace
    private let registry: ProducerRegistry
    private let blocks: BlockCollection
    private var blockCompressor: BlockCompressor?
    private var pool: ChunkMemoryPool
    private var chunks: [PartitionChunk]
    private var partitions: [PartitionData.Source]
    /// Producers that the registry has no room for, as ``RecordPlace`` knows them.
    private var ownProducers: [Producer] = []
    private var numbers: [Producer.Name: UInt32] = [:]
    private var ownProducersByteCount = 0
    /// What the client span at hand called.
    private var called: [UInt8] = []
    /// Records read so far.
    private(set) var readCount: UInt64 = 0
    /// The clocks of origins that do not know their boot.
    private(set) var clockDomains = ClockDomains()

    /// What a thread has gathered.
    struct Result: Sendable {
        let partitions: [PartitionData.Source]
        let readCount: UInt64
    }

    /// - Parameter areas: Where each partition lies in temporary space.
    init(
        _ plan: MergePlan, _ space: SpillSpace, _ registry: ProducerRegistry,
        _ blocks: BlockCollection, _ areas: [SpillArea]
    ) {
        self.plan = plan
        self.space = space
        self.registry = registry
        self.blocks = blocks
        blockCompressor = BlockCompressor()
        pool = ChunkMemoryPool(chunkByteCount: plan.chunkBytesMax)
        chunks = Array(repeating: PartitionChunk(), count: plan.partitionCount)
        partitions = areas.map { PartitionData.Source(area: $0) }
    }

    /// Gives away what was gathered.
    ///
    /// - Throws: ``MergeError`` if temporary space cannot be written.
    consuming func finish() throws -> Result {
        for partition in chunks.indices { try take(partition) }
        return Result(partitions: partitions, readCount: readCount)
    }
}

extension Scatterer {
    /// Takes the records of a block.
    ///
    /// - Parameters:
    ///   - value: What the block is stored as, if it is.
    ///   - traits: What is true of all its records.
    /// - Throws: ``MergeError`` if temporary space or the archive cannot be written.
    mutating func add(_ block: Block, _ value: [UInt8]?, _ traits: Record.Traits = []) throws {
        let places = SpanPlaces(in: block.bytes.span, block.payload)
        // A block that only tells what was lost has told it.
        guard !places.spans.isEmpty || places.isBrokenOff else { return }
        let blockNumber = try blocks.number(of: block, value, &blockCompressor)
        var source = Source(block, blockNumber, traits)
        for group in places.groups {
            try forgetProducersIfMany()
            guard let number = producer(of: group, in: block, &source) else {
                try setAside(group, places, block, source)
                continue
            }
            for index in group.spans {
                let place = source.place(index, producer: number)
                try add(block.bytes, places.spans[index], place)
            }
        }
        guard places.isBrokenOff else { return }
        let place = source.place(places.spans.count, producer: number(of: source.unknown))
        try setAside(.undecodableBlock, block.bytes, block.payload, place)
    }

    /// A block that is being read.
    private struct Source {
        let recorderID: RecorderID
        let bootID: [UInt8]
        let number: UInt32
        let traits: Record.Traits
        /// The origin of records without a resource that can be decoded.
        let unknown: Producer
        var resource: Range<Int>?
        var origin: Origin?

        init(_ block: Block, _ number: UInt32, _ traits: Record.Traits) {
            recorderID = block.header.recorderID
            bootID = block.header.anchor.bootID
            self.number = number
            self.traits = traits
            unknown = Producer(
                origin: Origin.withoutResource(recorderID, bootID), scope: [], schemaURL: [])
        }

        func place(_ index: Int, producer: UInt32) -> RecordPlace {
            RecordPlace(
                block: number, index: UInt32(truncatingIfNeeded: index), producer: producer,
                traits: traits)
        }
    }

    /// - Returns: `nil` if the resource cannot be decoded.
    private mutating func producer(
        of group: SpanPlaces.Group, in block: Block, _ source: inout Source
    ) -> UInt32? {
        if source.resource != group.resource {
            source.resource = group.resource
            source.origin = try? Origin(
                recorderID: source.recorderID, bootID: source.bootID,
                resource: Array(block.bytes[group.resource]),
                schemaURL: Array(block.bytes[group.resourceSchema]))
        }
        guard let origin = source.origin else { return nil }
        return number(
            of: Producer(
                origin: origin, scope: Array(block.bytes[group.scope]),
                schemaURL: Array(block.bytes[group.scopeSchema])))
    }

    /// The number that records know a producer by.
    mutating func number(of producer: Producer) -> UInt32 {
        if producer.origin.bootID.allSatisfy({ $0 == 0 }) {
            clockDomains.insert(ClockDomain(producer.origin))
        }
        if let number = registry.number(of: producer) { return number }
        if let number = numbers[producer.name] { return number }
        ownProducersByteCount += producer.byteCount
        let number = Record.ownProducer | UInt32(ownProducers.count)
        ownProducers.append(producer)
        numbers[producer.name] = number
        return number
    }

    private func producer(_ number: UInt32) -> Producer {
        number & Record.ownProducer == 0
            ? registry.producer(number) : ownProducers[Int(number ^ Record.ownProducer)]
    }

    /// Who gives each span a resource of its own must not fill the memory with them.
    ///
    /// The numbers of producers that are not registered mean nothing afterwards.
    mutating func forgetProducersIfMany() throws {
        guard ownProducersByteCount > plan.producerBytesMax else { return }
        for partition in chunks.indices { try take(partition) }
        ownProducers.removeAll()
        numbers.removeAll()
        ownProducersByteCount = 0
    }

    /// Takes one serialized span.
    mutating func add(
        _ bytes: [UInt8], _ range: Range<Int>, _ place: RecordPlace
    ) throws {
        let span: ScannedSpan
        do {
            span = try ScannedSpan(scanning: bytes.span, range)
        } catch {
            return try setAside(SetAsideReason(error), bytes, range, place)
        }
        if let defect = span.defect {
            return try setAside(SetAsideReason(defect), bytes, range, place)
        }
        let record = Record(span, hash: Checksum.xxh3(bytes, range), place: place)
        called.removeAll(keepingCapacity: true)
        if span.kind == JoinedSpan.client {
            ScannedSpan.appendCalledService(in: bytes.span, span.attributes, to: &called)
        }
        try append(record, name: span.traceName ?? span.name, in: bytes)
        guard span.linkCount > 0 else { return }
        var links: [Record] = []
        ScannedSpan.forEachLink(in: bytes, range) { traceID, spanID in
            links.append(Record(linkTo: traceID, spanID, from: span))
        }
        for link in links { try append(link) }
    }

    private mutating func setAside(
        _ group: SpanPlaces.Group, _ places: SpanPlaces, _ block: Block, _ source: Source
    ) throws {
        let number = number(of: source.unknown)
        for index in group.spans {
            try setAside(
                .undecodableResource, block.bytes, places.spans[index],
                source.place(index, producer: number))
        }
    }

    /// Takes a record that can be in no trace.
    mutating func setAside(
        _ reason: SetAsideReason, _ bytes: [UInt8], _ range: Range<Int>, _ place: RecordPlace
    ) throws {
        let hash = Checksum.xxh3(bytes, range)
        var place = place
        let origin = producer(place.producer).origin
        place.producer = number(of: Producer(origin: origin, scope: [], schemaURL: []))
        called.removeAll(keepingCapacity: true)
        try append(Record(setAside: reason, hash: hash, place: place), name: 0..<0, in: bytes)
    }

    /// Adds a record, whose name stands in `bytes`, and what it called in ``called``.
    private mutating func append(
        _ record: Record, name: Range<Int>, in bytes: [UInt8]
    ) throws {
        readCount += 1
        let name = Record.shortened(name, in: bytes)
        var record = record
        record.nameCount = UInt32(name.count)
        record.calledCount = UInt8(clamping: called.count)
        let partition = try partition(withRoomFor: record)
        if record.producer & Record.ownProducer != 0 {
            chunks[partition].take(producer(record.producer), of: &record)
        }
        let called = called
        chunks[partition].append(
            record, name: bytes.span.extracting(name),
            called: called.span.extracting(first: Int(record.calledCount)))
    }

    private mutating func append(_ link: Record) throws {
        let partition = try partition(withRoomFor: link)
        chunks[partition].append(link, name: Span(), called: Span())
    }

    /// The partition of a record, whose chunk has room for it.
    @inline(__always)
    private mutating func partition(withRoomFor record: Record) throws -> Int {
        let partition = plan.partition(of: record)
        let textByteCount = record.texts.count
        if !chunks[partition].hasRoom(textByteCount: textByteCount) {
            try take(partition)
            chunks[partition].makeRoom(textByteCount: textByteCount, from: &pool)
        }
        return partition
    }

    private mutating func take(_ partition: Int) throws {
        try space.take(&chunks[partition], to: &partitions[partition])
    }
}

extension Origin {
    /// The origin of records whose resource is lost.
    static func withoutResource(_ recorderID: RecorderID, _ bootID: [UInt8]) -> Origin {
        do {
            return try Origin(recorderID: recorderID, bootID: bootID, resource: [])
        } catch {
            preconditionFailure("an empty resource can be decoded")
        }
    }
}
