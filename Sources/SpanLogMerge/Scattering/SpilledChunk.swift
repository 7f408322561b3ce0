import SpanLogFormat
import SpanLogStore

/// A chunk that lies in temporary space: its bytes, its records, and its own producers.
struct SpilledChunk: Sendable {
    private let file: SpillFile
    /// All of it in one piece, so that chunks that are freed in order leave no gaps.
    private let place: SpillFile.Place
    // 32 bits, since there are many: one record has two gigabytes at most, and the others of its chunk
    // a few megabytes.
    private let contentCount: UInt32
    private let storedContentCount: UInt32
    private let records: UInt32

    /// Writes `chunk`, its bytes compressed if there is a compressor and that pays.
    ///
    /// Most of a record is identifiers, which nothing makes shorter.
    init(
        _ chunk: PartitionChunk, in file: SpillFile, with compressor: ChunkCompressor?
    ) throws(SystemError) {
        let content = Self.stored(chunk.bytes, with: compressor)
        let producers =
            chunk.ownProducers.isEmpty ? [] : ProducerList.encoded(chunk.ownProducers)
        self.file = file
        contentCount = UInt32(chunk.bytes.count)
        storedContentCount = UInt32(content.count)
        records = UInt32(chunk.records.count)
        let recordByteCount = chunk.records.count * MemoryLayout<Record>.stride
        place = file.reserve(content.count + recordByteCount + producers.count)
        try file.write(content, at: contentPlace)
        try file.write(chunk.records[...], at: recordsPlace)
        try file.write(producers[...], at: producersPlace)
    }

    private static func stored(
        _ bytes: [UInt8], with compressor: ChunkCompressor?
    ) -> ArraySlice<UInt8> {
        guard 1...compressedBytesMax ~= bytes.count, let frame = compressor?.compressed(bytes),
            frame.count < bytes.count
        else { return bytes[...] }
        return frame
    }

    /// More is a single record, and compressing it takes as much memory again.
    private static let compressedBytesMax = 4 << 20

    var contentByteCount: Int { Int(contentCount) }
    var recordCount: Int { Int(records) }

    /// Where it begins in its file.
    var offset: Int { place.offset }
    /// What it takes there.
    var storedByteCount: Int { place.byteCount }

    private var contentPlace: SpillFile.Place { place.part(0..<Int(storedContentCount)) }
    private var recordsPlace: SpillFile.Place {
        let start = Int(storedContentCount)
        return place.part(start..<start + recordCount * MemoryLayout<Record>.stride)
    }
    private var producersPlace: SpillFile.Place {
        let start = Int(storedContentCount) + recordsPlace.byteCount
        return place.part(start..<place.byteCount)
    }

    /// Says that nobody reads it any more.
    func free() { file.free(place) }

    /// Reads the records alone.
    func read(records array: inout [Record]) throws {
        try file.read(recordsPlace, into: &array, at: 0)
    }

    /// Reads records and their bytes over what stands from these places on.
    ///
    /// - Returns: The chunk's own producers.
    func read(
        records array: inout [Record], at recordIndex: Int,
        bytes: inout [UInt8], at byteIndex: Int
    ) throws -> [Producer] {
        try file.read(recordsPlace, into: &array, at: recordIndex)
        try readContent(over: &bytes, at: byteIndex)
        guard producersPlace.byteCount > 0 else { return [] }
        var list = [UInt8](repeating: 0, count: producersPlace.byteCount)
        try file.read(producersPlace, into: &list, at: 0)
        return try ProducerList.decode(list)
    }

    private func readContent(over bytes: inout [UInt8], at index: Int) throws {
        guard storedContentCount < contentCount else {
            return try file.read(contentPlace, into: &bytes, at: index)
        }
        var frame = [UInt8](repeating: 0, count: Int(storedContentCount))
        try file.read(contentPlace, into: &frame, at: 0)
        try ZstdFrame.decompress(frame, over: &bytes, index..<index + contentByteCount)
    }
}
