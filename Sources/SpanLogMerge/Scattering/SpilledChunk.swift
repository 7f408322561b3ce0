import SpanLogFormat
import SpanLogStore

/// A chunk that lies in temporary space: its bytes, its records, and its own producers.
struct SpilledChunk: Sendable {
    private let place: SpillFile.Place
    let contentByteCount: Int
    private let recordByteCount: Int

    init(_ chunk: PartitionChunk, in file: SpillFile) throws(SystemError) {
        let producers =
            chunk.ownProducers.isEmpty ? [] : ProducerList.encoded(chunk.ownProducers)
        contentByteCount = chunk.bytes.count
        recordByteCount = chunk.records.count * MemoryLayout<Record>.stride
        place = file.reserve(contentByteCount + recordByteCount + producers.count)
        try file.write(chunk.bytes, at: bytes)
        try file.write(chunk.records, at: records)
        try file.write(producers, at: ownProducers)
    }

    var recordCount: Int { recordByteCount / MemoryLayout<Record>.stride }

    private var bytes: SpillFile.Place { place.part(0..<contentByteCount) }
    private var records: SpillFile.Place {
        place.part(contentByteCount..<contentByteCount + recordByteCount)
    }
    private var ownProducers: SpillFile.Place {
        place.part(contentByteCount + recordByteCount..<place.byteCount)
    }

    /// Gives the space back.
    func free(in file: SpillFile) { file.free(place) }

    /// Reads the records alone.
    func read(from file: SpillFile, records array: inout [Record]) throws {
        try file.read(records, into: &array, at: 0)
    }

    /// Reads records and their bytes over what stands from these places on.
    ///
    /// - Returns: The chunk's own producers.
    func read(
        from file: SpillFile, records array: inout [Record], at recordIndex: Int,
        bytes content: inout [UInt8], at byteIndex: Int
    ) throws -> [Producer] {
        try file.read(records, into: &array, at: recordIndex)
        try file.read(bytes, into: &content, at: byteIndex)
        guard ownProducers.byteCount > 0 else { return [] }
        var list = [UInt8](repeating: 0, count: ownProducers.byteCount)
        try file.read(ownProducers, into: &list, at: 0)
        return try ProducerList.decode(list)
    }
}
