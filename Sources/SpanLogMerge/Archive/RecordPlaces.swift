import SpanLogFormat

/// Where records are, as an archive names them: two numbers each.
struct RecordPlaces {
    private var writer = ProtobufWriter()

    var isEmpty: Bool { writer.bytes.isEmpty }
    /// Packed numbers.
    var bytes: [UInt8] { writer.bytes }

    /// Forgets everything but the memory.
    mutating func removeAll() { writer.bytes.removeAll(keepingCapacity: true) }

    @inline(__always)
    mutating func append(_ record: Record) {
        writer.varint(UInt64(record.block))
        writer.varint(UInt64(record.index))
    }
}
