import SpanLogFormat
import SpanLogStore

/// Records of one partition as they gather in memory, with their bytes and producers.
struct PartitionChunk: Sendable {
    private(set) var records: [Record] = []
    private(set) var bytes: [UInt8] = []
    private(set) var producers: [Producer] = []
    /// The places in ``producers`` of what the scatterer knows by a number.
    private var places: [UInt32: UInt32] = [:]
    private var last: (number: UInt32, place: UInt32)?

    /// What is kept in memory, roughly.
    var byteCount: Int { records.count * MemoryLayout<Record>.stride + bytes.count }

    /// Adds a record of the producer that the scatterer calls `number`.
    @inline(__always)
    mutating func append(
        _ record: Record, _ content: ArraySlice<UInt8>, _ producer: Producer, _ number: UInt32
    ) {
        var record = record
        record.offset = UInt64(bytes.count)
        record.producer =
            if let last, last.number == number { last.place } else { place(of: producer, number) }
        records.append(record)
        bytes.append(contentsOf: content)
    }

    /// Adds a record that has neither bytes nor a producer.
    mutating func append(_ record: Record) {
        records.append(record)
    }

    private mutating func place(of producer: Producer, _ number: UInt32) -> UInt32 {
        let place = places[number] ?? UInt32(producers.count)
        if Int(place) == producers.count {
            producers.append(producer)
            places[number] = place
        }
        last = (number, place)
        return place
    }

    /// Lets numbers mean other producers from now on.
    mutating func forgetNumbers() {
        places.removeAll(keepingCapacity: true)
        last = nil
    }

    /// Forgets everything but the memory that it took.
    mutating func removeAll(keepingCapacity isKeeping: Bool) {
        records.removeAll(keepingCapacity: isKeeping)
        bytes.removeAll(keepingCapacity: isKeeping)
        producers.removeAll()
        places.removeAll()
        last = nil
    }
}

/// A chunk that lies in temporary space.
struct SpilledChunk: Sendable {
    private let records: SpillFile.Place
    private let bytes: SpillFile.Place
    private let producers: SpillFile.Place

    init(_ chunk: PartitionChunk, in file: SpillFile) throws(SystemError) {
        records = try file.write(chunk.records)
        bytes = try file.write(chunk.bytes)
        producers = try file.write(ProducerList.encoded(chunk.producers))
    }

    var recordCount: Int { records.byteCount / MemoryLayout<Record>.stride }
    var contentByteCount: Int { bytes.byteCount }

    /// Reads the records alone.
    func read(from file: SpillFile, records array: inout [Record]) throws {
        try file.read(records, into: &array, at: 0)
    }

    func read(
        from file: SpillFile, records array: inout [Record], at recordIndex: Int,
        bytes content: inout [UInt8], at byteIndex: Int
    ) throws -> [Producer] {
        try file.read(records, into: &array, at: recordIndex)
        try file.read(bytes, into: &content, at: byteIndex)
        var list = [UInt8](repeating: 0, count: producers.byteCount)
        try file.read(producers, into: &list, at: 0)
        return try ProducerList.decode(list)
    }
}

/// Producers as bytes in temporary space. Each origin is there once, however many scopes it has.
private enum ProducerList {
    private enum Field {
        static let origin = 1
        static let producer = 2
        static let place = 1
        static let scope = 2
        static let schemaURL = 3
    }

    static func encoded(_ producers: [Producer]) -> [UInt8] {
        var writer = ProtobufWriter()
        var places: [ObjectIdentifier: Int] = [:]
        for producer in producers {
            let place = places[ObjectIdentifier(producer.origin)] ?? places.count
            if place == places.count {
                places[ObjectIdentifier(producer.origin)] = place
                writer.message(Field.origin) { producer.origin.encode(into: &$0) }
            }
            writer.message(Field.producer) { writer in
                writer.uint64(Field.place, UInt64(place))
                writer.data(Field.scope, producer.scope)
                writer.data(Field.schemaURL, producer.schemaURL)
            }
        }
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) throws -> [Producer] {
        var origins: [Origin] = []
        var producers: [Producer] = []
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            let range = try reader.range(field.value)
            if field.number == Field.origin {
                origins.append(try Origin.decode(bytes, range))
            } else {
                producers.append(try producer(bytes, range, origins))
            }
        }
        return producers
    }

    private static func producer(
        _ bytes: [UInt8], _ range: Range<Int>, _ origins: [Origin]
    ) throws -> Producer {
        var (place, scope, schemaURL) = (0, [UInt8](), [UInt8]())
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            switch field.number {
            case Field.place: place = Int(clamping: try reader.number(field.value))
            case Field.scope: scope = Array(bytes[try reader.range(field.value)])
            default: schemaURL = Array(bytes[try reader.range(field.value)])
            }
        }
        return Producer(origin: origins[place], scope: scope, schemaURL: schemaURL)
    }
}
