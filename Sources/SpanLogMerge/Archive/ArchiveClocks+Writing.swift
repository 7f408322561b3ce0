import SpanLogFormat
import SpanLogLMDB

extension ArchiveClocks {
    /// Puts everything into the archive that `transaction` is of.
    func write(_ transaction: inout LMDBWriteTransaction) throws {
        var value = ArchiveChunk.begin() + corrections.encoded()
        ArchiveChunk.seal(&value)
        let meta = try transaction.table(ArchiveFormat.meta)
        try transaction.put(value, for: ArchiveFormat.clocksKey, in: meta)
        try writeAnchors(&transaction)
        try writeSeals(&transaction)
    }

    private func writeAnchors(_ transaction: inout LMDBWriteTransaction) throws {
        let table = try transaction.table(ArchiveFormat.anchors)
        var chunk = ClockChunk()
        for domain in sources.anchors.keys.sorted() {
            guard let anchors = sources.anchors[domain] else { continue }
            let key = Array(domain.name.utf8)
            let entry = chunk.add(key: key) { writer in
                ArchivedAnchors.encode(anchors, of: domain, into: &writer)
            }
            if let entry { try transaction.append(entry.value, for: entry.key, in: table) }
        }
        if let last = chunk.finish() {
            try transaction.append(last.value, for: last.key, in: table)
        }
    }

    private func writeSeals(_ transaction: inout LMDBWriteTransaction) throws {
        let table = try transaction.table(ArchiveFormat.seals)
        var chunk = ClockChunk()
        var blocks: [SealTimes.Block] = []
        func write(_ blocks: [SealTimes.Block]) throws {
            guard let last = blocks.last else { return }
            let key = ArchiveFormat.sealKey(last.recorder, last.sequence)
            let entry = chunk.add(key: key) { ArchivedSeals(blocks).encode(into: &$0) }
            if let entry { try transaction.append(entry.value, for: entry.key, in: table) }
        }
        try sources.seals.forEach { block in
            let isOther = blocks.last.map { $0.recorder != block.recorder } ?? false
            if isOther || blocks.count == ArchiveFormat.sealsPerEntryMax {
                try write(blocks)
                blocks = []
            }
            blocks.append(block)
        }
        try write(blocks)
        if let last = chunk.finish() {
            try transaction.append(last.value, for: last.key, in: table)
        }
    }
}

/// A chunk of the tables about clocks as it fills. It stands under the key of its last entry.
private struct ClockChunk {
    private var writer = ChunkWriter()
    private var key: [UInt8] = []
    private let compressor = ChunkCompressor()

    /// - Returns: The chunk, if it is full with this entry.
    mutating func add(
        key: [UInt8], _ encode: (inout ProtobufWriter) -> Void
    ) -> (key: [UInt8], value: [UInt8])? {
        self.key = key
        let start = writer.begin()
        encode(&writer.writer)
        writer.writer.endMessage(start)
        return writer.byteCount >= ArchiveFormat.clockChunkBytesMax ? finish() : nil
    }

    mutating func finish() -> (key: [UInt8], value: [UInt8])? {
        writer.isStarted ? (key, writer.finish(with: compressor)) : nil
    }
}
