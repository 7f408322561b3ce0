import SpanLogFormat
import SpanLogStore

/// A chunk that lies in temporary space: its records, their texts, and its own producers.
struct SpilledChunk: Sendable {
    private let file: SpillFile
    /// All of it in one piece, so that chunks that are freed in order leave no gaps.
    private let place: SpillFile.Place
    // 32 bits, since there are many: one record has a name of two gigabytes at most, and the others of
    // its chunk a few megabytes.
    private let content: UInt32
    private let texts: UInt32
    private let records: UInt32

    /// Writes `chunk`: all of its memory at once if that is full, which spares the system parts of pages.
    init(_ chunk: PartitionChunk, in file: SpillFile) throws(SystemError) {
        let producers =
            chunk.ownProducers.isEmpty ? [] : ProducerList.encoded(chunk.ownProducers)
        self.file = file
        texts = UInt32(chunk.textByteCount)
        records = UInt32(chunk.recordCount)
        var failure: SystemError?
        var place: SpillFile.Place?
        let isFull = chunk.withMemoryIfFull { memory in
            let reserved = file.reservePages(memory.count + producers.count)
            place = reserved
            do throws(SystemError) {
                try file.write(memory, at: reserved.part(0..<memory.count))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        self.place = place ?? file.reservePages(chunk.byteCount + producers.count)
        content = UInt32(self.place.byteCount - producers.count)
        if !isFull { try write(chunk) }
        try file.write(producers.span, at: producersPlace)
    }

    /// Writes the records, and their texts behind them.
    private func write(_ chunk: PartitionChunk) throws(SystemError) {
        var failure: SystemError?
        chunk.withRecords { records, texts in
            do throws(SystemError) {
                try file.write(records, at: recordsPlace)
                try file.write(texts, at: place.part(recordsPlace.byteCount..<Int(content)))
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

    private var recordsPlace: SpillFile.Place {
        place.part(0..<recordCount * MemoryLayout<Record>.stride)
    }
    private var producersPlace: SpillFile.Place {
        place.part(Int(content)..<place.byteCount)
    }

    /// Says that nobody reads it any more.
    func free() { file.free(place) }

    /// The records alone, without their texts.
    func readRecords() throws -> PartitionChunk {
        try PartitionChunk(
            byteCount: recordsPlace.byteCount, recordCount: recordCount, textByteCount: 0, []
        ) { memory in try file.read(recordsPlace, into: &memory) }
    }

    /// The chunk as it was.
    func read() throws -> PartitionChunk {
        try PartitionChunk(
            byteCount: Int(content), recordCount: recordCount, textByteCount: textByteCount,
            try readProducers()
        ) { memory in try file.read(place.part(0..<Int(content)), into: &memory) }
    }

    private func readProducers() throws -> [Producer] {
        guard producersPlace.byteCount > 0 else { return [] }
        var list = [UInt8](repeating: 0, count: producersPlace.byteCount)
        try file.read(producersPlace, into: &list)
        return try ProducerList.decode(list)
    }
}
