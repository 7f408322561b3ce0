import SpanLogFormat

/// Records of one partition as they gather in memory, with their texts.
///
/// Their producers are numbers of the ``ProducerRegistry``, or places in the chunk's own list for
/// those that have no room there. The offset of a record's texts counts from the end of all texts of the chunk:
/// records fill its memory from the beginning, and texts from the end.
struct PartitionChunk: Sendable {
    private var memory: ChunkMemory?
    private(set) var recordCount = 0
    private(set) var textByteCount = 0
    private(set) var ownProducers: [Producer] = []
    /// The places in ``ownProducers`` of what the scatterer knows by a number.
    private var places: [UInt32: UInt32] = [:]

    init() {}

    var isEmpty: Bool { recordCount == 0 }

    /// What is in use.
    var byteCount: Int { recordCount * Self.stride + textByteCount }

    /// What is in use, and what else it keeps from others.
    var memoryByteCount: Int { memory?.byteCount ?? 0 }

    private static let stride = MemoryLayout<Record>.stride

    /// Whether another record has room.
    @inline(__always)
    func hasRoom(textByteCount: Int) -> Bool {
        byteCount + Self.stride + textByteCount <= (memory?.byteCount ?? 0)
    }

    /// Gives an empty chunk room for a record.
    mutating func makeRoom(textByteCount: Int, from pool: inout ChunkMemoryPool) {
        guard !hasRoom(textByteCount: textByteCount) else { return }
        memory = pool.take(atLeast: Self.stride + textByteCount)
    }

    /// Adds a record of a registered producer, or one that has none, with its texts.
    ///
    /// - Precondition: It has room, and the record says how long the texts are.
    @inline(__always)
    mutating func append(
        _ record: Record, name: UnsafeRawBufferPointer, called: UnsafeRawBufferPointer
    ) {
        guard let memory, hasRoom(textByteCount: name.count + called.count) else {
            preconditionFailure("a chunk has no room for a record")
        }
        textByteCount += name.count + called.count
        // SAFETY: the texts end where those before begin, and begin behind the record, since there is room.
        let texts = unsafe memory.start + (memory.byteCount - textByteCount)
        unsafe UnsafeMutableRawBufferPointer(start: texts, count: name.count).copyMemory(from: name)
        unsafe UnsafeMutableRawBufferPointer(start: texts + name.count, count: called.count)
            .copyMemory(from: called)
        var record = record
        record.offset = UInt32(textByteCount)
        unsafe (memory.start + recordCount * Self.stride).storeBytes(of: record, as: Record.self)
        recordCount += 1
    }

    /// Lets a record name a producer that is not registered, and that it knows by any number.
    mutating func take(_ producer: Producer, of record: inout Record) {
        let place = places[record.producer] ?? UInt32(ownProducers.count)
        if Int(place) == ownProducers.count {
            ownProducers.append(producer)
            places[record.producer] = place
        }
        record.producer = Record.ownProducer | place
    }

    /// Lets numbers mean other producers from now on.
    mutating func forgetNumbers() {
        places.removeAll(keepingCapacity: true)
    }

    /// Forgets everything but the memory that it took, unless that is more than usual.
    mutating func removeAll(keepingAtMost byteCountMax: Int) {
        if let memory, memory.byteCount > byteCountMax { self.memory = nil }
        recordCount = 0
        textByteCount = 0
        ownProducers.removeAll()
        places.removeAll()
    }
}

extension PartitionChunk {
    /// A chunk as `body` reads it into memory that has room for its records and texts, in this order.
    init(
        recordCount: Int, textByteCount: Int, _ ownProducers: [Producer],
        _ body: (UnsafeMutableRawBufferPointer) throws -> Void
    ) rethrows {
        let memory = ChunkMemory(byteCount: recordCount * Self.stride + textByteCount)
        try unsafe body(
            UnsafeMutableRawBufferPointer(start: memory.start, count: memory.byteCount))
        self.memory = memory
        self.recordCount = recordCount
        self.textByteCount = textByteCount
        self.ownProducers = ownProducers
    }

    /// Calls `body` with all records and all texts.
    @inline(__always)
    func withRecords<Result>(
        _ body: (UnsafeBufferPointer<Record>, _ texts: UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        guard let memory else {
            return try unsafe body(
                UnsafeBufferPointer(start: nil, count: 0), UnsafeRawBufferPointer(start: nil, count: 0))
        }
        // SAFETY: the records were stored there, and the memory lives while `body` runs.
        let records = unsafe UnsafeBufferPointer(
            start: UnsafePointer(memory.start.assumingMemoryBound(to: Record.self)),
            count: recordCount)
        let texts = unsafe UnsafeRawBufferPointer(
            start: memory.start + (memory.byteCount - textByteCount), count: textByteCount)
        return try unsafe body(records, texts)
    }

    /// Calls `body` with each record.
    func forEachRecord(_ body: (Record) throws -> Void) rethrows {
        try unsafe withRecords { records, _ in
            for index in records.indices { try unsafe body(records[index]) }
        }
    }
}
