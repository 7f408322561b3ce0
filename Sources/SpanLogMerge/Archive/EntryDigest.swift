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
        let key = data.key(record)
        words.append(data.producerHashes[Int(key.producer)])
        words.append(key.sequence)
        words.append(UInt64(key.index))
        words.append(record.hash)
    }
}
