import SpanLogFormat
import SpanLogStore

/// What an entry of an archive adds to the digest. FileFormat in SpanLog's documentation says which bytes
/// are hashed.
struct EntryDigest {
    private var words: [UInt64] = []

    /// XXH3-128 of what was added.
    var sum: UInt128 { Checksum.xxh128(words) }

    /// Begins an entry of a trace, or of none.
    mutating func begin(_ id: TraceID? = nil) {
        words.removeAll(keepingCapacity: true)
        guard let id else { return }
        words.append(id.high.byteSwapped)
        words.append(id.low.byteSwapped)
    }

    @inline(__always)
    mutating func add(_ number: UInt64) { words.append(number) }

    @inline(__always)
    mutating func add(_ record: Record, _ data: borrowing PartitionData) {
        add(
            producer: data.producerHashes[Int(record.producer)],
            sequence: data.sequence(of: record), index: UInt64(record.index), hash: record.hash)
    }

    /// Adds a record, whose place among spans that were open says nothing.
    @inline(__always)
    mutating func add(producer: UInt64, sequence: UInt64, index: UInt64, hash: UInt64) {
        words.append(producer)
        words.append(sequence)
        words.append(sequence == 0 ? 0 : index)
        words.append(hash)
    }
}
