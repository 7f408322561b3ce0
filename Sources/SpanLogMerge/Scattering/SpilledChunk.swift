import SpanLogFormat
import SpanLogStore

/// A chunk that lies in temporary space: its bytes, its records, and its own producers.
struct SpilledChunk: Sendable {
    private let file: SpillFile
    private let content: SpilledArray
    private let records: SpilledArray
    private let producers: SpilledArray

    /// Writes `chunk`, its bytes compressed if there is a compressor.
    init(
        _ chunk: PartitionChunk, in file: SpillFile, with compressor: ChunkCompressor?
    ) throws(SystemError) {
        let producers =
            chunk.ownProducers.isEmpty ? [] : ProducerList.encoded(chunk.ownProducers)
        self.file = file
        content = try SpilledArray(chunk.bytes, in: file, with: compressor)
        // Most of a record is identifiers, which nothing makes shorter.
        records = try SpilledArray(chunk.records, in: file)
        self.producers = try SpilledArray(producers, in: file)
    }

    var contentByteCount: Int { Int(content.byteCount) }
    var recordCount: Int { Int(records.byteCount) / MemoryLayout<Record>.stride }

    /// Where it begins in its file.
    var offset: Int { content.offset }

    /// Says that nobody reads it any more.
    func free() {
        for part in [content, records, producers] { file.free(part.place) }
    }

    /// Reads the records alone.
    func read(records array: inout [Record]) throws {
        try records.read(from: file, into: &array, at: 0)
    }

    /// Reads records and their bytes over what stands from these places on.
    ///
    /// - Returns: The chunk's own producers.
    func read(
        records array: inout [Record], at recordIndex: Int,
        bytes: inout [UInt8], at byteIndex: Int
    ) throws -> [Producer] {
        try records.read(from: file, into: &array, at: recordIndex)
        try content.read(from: file, into: &bytes, at: byteIndex)
        guard producers.byteCount > 0 else { return [] }
        var list = [UInt8](repeating: 0, count: Int(producers.byteCount))
        try producers.read(from: file, into: &list, at: 0)
        return try ProducerList.decode(list)
    }
}
