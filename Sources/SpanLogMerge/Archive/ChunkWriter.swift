import SpanLogFormat
import SpanLogStore

/// Puts entries together that become one value of an archive.
struct ChunkWriter: Sendable {
    var writer = ProtobufWriter()
    private var origins: [Origin] = []
    private var lastOrigin: Origin?
    private var originsByteCount = 0

    var byteCount: Int { writer.bytes.count + originsByteCount }
    var isStarted: Bool { !writer.bytes.isEmpty }

    /// Begins an entry; ``end(_:)`` ends the one that begins where this says.
    mutating func begin() -> Int {
        if !isStarted {
            // The memory is there already, unless this is the first chunk.
            writer.bytes.reserveCapacity(ArchiveFormat.chunkBytesMax + (64 << 10))
            writer.bytes += ArchiveChunk.begin()
        }
        return writer.beginMessage(ArchiveFormat.Chunk.entry)
    }

    /// - Returns: The hash of the entry.
    mutating func end(_ start: Int) -> UInt128 {
        writer.endMessage(start)
        return Checksum.xxh128(writer.bytes, start..<writer.bytes.count)
    }

    /// Makes sure that the chunk says what the identifier of `origin` means.
    mutating func need(_ origin: Origin) {
        guard lastOrigin !== origin else { return }
        lastOrigin = origin
        guard !origins.contains(where: { $0 === origin }) else { return }
        origins.append(origin)
        originsByteCount += origin.resource.count + 64
    }

    /// The chunk as a value; another one may be begun afterwards.
    mutating func finish(with compressor: ChunkCompressor) -> [UInt8] {
        var last: Origin?
        for origin in origins.sorted() where origin != last {
            last = origin
            let start = writer.beginMessage(ArchiveFormat.Chunk.origin)
            origin.encode(into: &writer)
            writer.endMessage(start)
        }
        defer { removeAll() }
        return ArchiveChunk.sealed(writer.bytes, with: compressor)
    }

    private mutating func removeAll() {
        // One large entry leaves no large memory behind.
        writer.bytes.removeAll(
            keepingCapacity: writer.bytes.count < 4 * ArchiveFormat.chunkBytesMax)
        origins.removeAll(keepingCapacity: true)
        lastOrigin = nil
        originsByteCount = 0
    }
}
