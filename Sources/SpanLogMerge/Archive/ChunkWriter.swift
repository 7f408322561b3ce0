import SpanLogFormat
import SpanLogStore

/// Puts entries together that become one value of an archive.
struct ChunkWriter: Sendable {
    var writer = ProtobufWriter()

    var byteCount: Int { writer.bytes.count }
    var isStarted: Bool { !writer.bytes.isEmpty }

    /// Begins an entry, which ends with the message that begins where this says.
    mutating func begin() -> Int {
        if !isStarted {
            // The memory is there already, unless this is the first chunk.
            writer.bytes.reserveCapacity(2 * ArchiveFormat.chunkBytesMax)
            writer.bytes += ArchiveChunk.begin()
        }
        return writer.beginMessage(ArchiveFormat.Chunk.entry)
    }

    /// The chunk as a value; another one may be begun afterwards.
    mutating func finish(with compressor: ChunkCompressor) -> [UInt8] {
        // One large entry leaves no large memory behind.
        defer {
            writer.bytes.removeAll(
                keepingCapacity: writer.bytes.count < 4 * ArchiveFormat.chunkBytesMax)
        }
        return ArchiveChunk.sealed(writer.bytes, with: compressor)
    }
}
