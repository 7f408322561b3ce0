import SpanLogFormat
import SpanLogStore

/// A chunk that lies in temporary space: its texts, its records, and its own producers.
struct SpilledChunk: Sendable {
    private let file: SpillFile
    /// All of it in one piece, so that chunks that are freed in order leave no gaps.
    private let place: SpillFile.Place
    // 32 bits, since there are many: one record has a name of two gigabytes at most, and the others of
    // its chunk a few megabytes.
    private let texts: UInt32
    private let records: UInt32

    /// Writes `chunk`.
    init(_ chunk: PartitionChunk, in file: SpillFile) throws(SystemError) {
        let producers =
            chunk.ownProducers.isEmpty ? [] : ProducerList.encoded(chunk.ownProducers)
        self.file = file
        texts = UInt32(chunk.bytes.count)
        records = UInt32(chunk.records.count)
        let recordByteCount = chunk.records.count * MemoryLayout<Record>.stride
        place = file.reserve(recordByteCount + chunk.bytes.count + producers.count)
        try file.write(chunk.records[...], at: recordsPlace)
        try file.write(chunk.bytes[...], at: textsPlace)
        try file.write(producers[...], at: producersPlace)
    }

    var textByteCount: Int { Int(texts) }
    var recordCount: Int { Int(records) }

    /// Where it begins in its file.
    var offset: Int { place.offset }
    /// What it takes there.
    var storedByteCount: Int { place.byteCount }

    private var recordsPlace: SpillFile.Place {
        place.part(0..<recordCount * MemoryLayout<Record>.stride)
    }
    private var textsPlace: SpillFile.Place {
        place.part(recordsPlace.byteCount..<recordsPlace.byteCount + textByteCount)
    }
    private var producersPlace: SpillFile.Place {
        place.part(recordsPlace.byteCount + textByteCount..<place.byteCount)
    }

    /// Says that nobody reads it any more.
    func free() { file.free(place) }

    /// Reads the records alone.
    func read(records array: inout [Record]) throws {
        try file.read(recordsPlace, into: &array, at: 0)
    }

    /// Reads records and their texts over what stands from these places on.
    ///
    /// - Returns: The chunk's own producers.
    func read(
        records array: inout [Record], at recordIndex: Int,
        texts bytes: inout [UInt8], at byteIndex: Int
    ) throws -> [Producer] {
        try file.read(recordsPlace, into: &array, at: recordIndex)
        try file.read(textsPlace, into: &bytes, at: byteIndex)
        guard producersPlace.byteCount > 0 else { return [] }
        var list = [UInt8](repeating: 0, count: producersPlace.byteCount)
        try file.read(producersPlace, into: &list, at: 0)
        return try ProducerList.decode(list)
    }
}
