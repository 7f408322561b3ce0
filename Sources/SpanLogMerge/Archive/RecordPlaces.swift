/// Where records are, as an archive names them: two numbers each.
struct RecordPlaces {
    /// Packed numbers.
    private(set) var bytes: [UInt8] = []

    var isEmpty: Bool { bytes.isEmpty }

    /// Forgets everything but the memory.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    @inline(__always)
    mutating func append(_ record: Record) {
        varint(record.block)
        varint(record.index)
    }

    @inline(__always)
    private mutating func varint(_ number: UInt32) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
