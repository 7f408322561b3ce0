import SpanLogFormat
import SpanLogStore

/// A chunk that lies in temporary space: its records, their texts, and its own producers.
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
        texts = UInt32(chunk.textByteCount)
        records = UInt32(chunk.recordCount)
        let recordByteCount = chunk.recordCount * MemoryLayout<Record>.stride
        place = file.reserve(recordByteCount + chunk.textByteCount + producers.count)
        try write(chunk)
        try file.write(producers[...], at: producersPlace)
    }

    private func write(_ chunk: PartitionChunk) throws(SystemError) {
        var failure: SystemError?
        unsafe chunk.withRecords { records, texts in
            do throws(SystemError) {
                try unsafe file.write(UnsafeRawBufferPointer(records), at: recordsPlace)
                try unsafe file.write(texts, at: textsPlace)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
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

    /// The records alone, without their texts.
    func readRecords() throws -> PartitionChunk {
        try unsafe PartitionChunk(recordCount: recordCount, textByteCount: 0, []) { memory in
            try unsafe file.read(recordsPlace, into: memory)
        }
    }

    /// The chunk as it was.
    func read() throws -> PartitionChunk {
        let count = recordsPlace.byteCount + textByteCount
        return try unsafe PartitionChunk(
            recordCount: recordCount, textByteCount: textByteCount, try readProducers()
        ) { memory in try unsafe file.read(place.part(0..<count), into: memory) }
    }

    private func readProducers() throws -> [Producer] {
        guard producersPlace.byteCount > 0 else { return [] }
        var list = [UInt8](repeating: 0, count: producersPlace.byteCount)
        try file.read(producersPlace, into: &list, at: 0)
        return try ProducerList.decode(list)
    }
}
