import SpanLogFormat

/// Records of one partition as they gather in memory, with their texts.
///
/// Their producers are numbers of the ``ProducerRegistry``, or places in the chunk's own list for
/// those that have no room there.
struct PartitionChunk: Sendable {
    private(set) var records: [Record] = []
    private(set) var bytes: [UInt8] = []
    private(set) var ownProducers: [Producer] = []
    /// The places in ``ownProducers`` of what the scatterer knows by a number.
    private var places: [UInt32: UInt32] = [:]

    /// What is kept in memory, roughly.
    var byteCount: Int { records.count * MemoryLayout<Record>.stride + bytes.count }

    /// Makes room for as many bytes at the first record, so that records are not moved as they grow.
    let capacity: Int

    init(capacity: Int = 0) {
        self.capacity = capacity
    }

    /// Adds a record of a registered producer, whose texts these are.
    @inline(__always)
    mutating func append(
        _ record: Record, name: ArraySlice<UInt8>, called: [UInt8] = []
    ) {
        if records.isEmpty { reserveCapacity() }
        var record = record
        record.offset = UInt32(bytes.count)
        record.nameCount = UInt32(name.count)
        bytes.append(contentsOf: name)
        if !called.isEmpty {
            record.calledCount = UInt8(clamping: called.count)
            bytes.append(contentsOf: called.prefix(Int(record.calledCount)))
        }
        records.append(record)
    }

    private mutating func reserveCapacity() {
        let count = capacity / Record.usualByteCount
        records.reserveCapacity(count)
        bytes.reserveCapacity(count * (Record.usualByteCount - MemoryLayout<Record>.stride))
    }

    /// Adds a record of a producer that is not registered, and that `record` knows by any number.
    mutating func append(
        _ record: Record, name: ArraySlice<UInt8>, called: [UInt8] = [],
        of producer: Producer
    ) {
        let place = places[record.producer] ?? UInt32(ownProducers.count)
        if Int(place) == ownProducers.count {
            ownProducers.append(producer)
            places[record.producer] = place
        }
        var record = record
        record.producer = Record.ownProducer | place
        append(record, name: name, called: called)
    }

    /// Adds a record that has neither texts nor a producer.
    mutating func append(_ record: Record) {
        records.append(record)
    }

    /// Lets numbers mean other producers from now on.
    mutating func forgetNumbers() {
        places.removeAll(keepingCapacity: true)
    }

    /// Forgets everything but the memory that it took.
    mutating func removeAll(keepingCapacity isKeeping: Bool) {
        records.removeAll(keepingCapacity: isKeeping)
        bytes.removeAll(keepingCapacity: isKeeping)
        ownProducers.removeAll()
        places.removeAll()
    }
}
