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
        _ record: Record, name: borrowing Span<UInt8>, called: borrowing Span<UInt8>
    ) {
        guard let memory else { preconditionFailure("a chunk has no room for a record") }
        var record = record
        record.offset = UInt32(textByteCount + name.count + called.count)
        memory.store(record, at: recordCount, name: name, called: called, before: textByteCount)
        textByteCount = Int(record.offset)
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
    /// A chunk of so many bytes as `fill` reads it: records from the beginning, and texts up to the end.
    init(
        byteCount: Int, recordCount: Int, textByteCount: Int, _ ownProducers: [Producer],
        _ fill: (inout MutableRawSpan) throws -> Void
    ) rethrows {
        let memory = ChunkMemory(byteCount: byteCount)
        try memory.fill(fill)
        self.memory = memory
        self.recordCount = recordCount
        self.textByteCount = textByteCount
        self.ownProducers = ownProducers
    }

    /// Calls `body` with all records and all texts, if there is a record.
    @inline(__always)
    func withRecords(
        _ body: (Span<Record>, _ texts: Span<UInt8>) throws -> Void
    ) rethrows {
        try memory?.with(recordCount: recordCount, textByteCount: textByteCount, body)
    }

    /// Calls `body` with all of its memory, if next to all of that is in use.
    ///
    /// - Returns: Whether it is.
    func withMemoryIfFull(_ body: (Span<UInt8>) throws -> Void) rethrows -> Bool {
        guard let memory, memory.byteCount - byteCount <= memory.byteCount / 16 else {
            return false
        }
        try memory.withBytes(body)
        return true
    }

    /// Calls `body` with each record.
    @inline(__always)
    func forEachRecord(_ body: (Record) throws -> Void) rethrows {
        try withRecords { records, _ in
            for index in records.indices { try body(records[index]) }
        }
    }

    /// Copies all texts over those of `bytes` from `offset` on.
    func copyTexts(over bytes: inout [UInt8], at offset: Int) {
        memory?.copyTexts(textByteCount, over: &bytes, at: offset)
    }
}
