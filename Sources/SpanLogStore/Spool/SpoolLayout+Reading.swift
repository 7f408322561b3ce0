import SpanLogFormat

extension SpoolLayout {
    /// Limits of what a reader believes; writers stay far below.
    private static let chunkCountMax = 1 << 16
    private static let chunkByteCountMax = 1 << 30
    private static let slotCountMax = 1 << 20
    private static let textByteCountMax = Resource.byteCountMax
    private static let spoolByteCountMax = 1 << 32

    /// The bytes of a chunk behind its header, and the entries that find room in them.
    var contentByteCount: Int { chunkByteCount - Chunk.entries }
    var entryCountMax: Int { contentByteCount / Chunk.indexEntryByteCount }

    /// Reads the layout from a header.
    ///
    /// - Throws: ``FormatError`` if this is no spool, one of a newer format, or larger than any.
    init(_ header: [UInt8]) throws(FormatError) {
        guard header.count == Self.headerByteCount, header.starts(with: Self.magic) else {
            throw FormatError("this is no spool: it does not begin as one")
        }
        let version = UInt16(littleEndianIn: header, at: Header.version)
        guard version == Self.version else {
            throw FormatError("the spool has format \(version); this version reads 1")
        }
        guard let layout = Self(believing: header) else {
            throw FormatError("the spool's header lies about what follows")
        }
        self = layout
    }

    /// The layout by a header whatever else it says; `nil` if it is an impossible one.
    private init?(believing header: [UInt8]) {
        func number(_ offset: Int) -> Int { Int(UInt32(littleEndianIn: header, at: offset)) }
        chunkCount = number(Header.chunkCount)
        chunkByteCount = number(Header.chunkByteCount)
        slotCount = number(Header.slotCount)
        resourceByteCount = number(Header.resourceByteCount)
        scopeByteCount = number(Header.scopeByteCount)
        guard number(Header.slotByteCount) == Self.slotByteCount,
            number(Header.byteCount) == Self.headerByteCount,
            chunkCount <= Self.chunkCountMax, chunkByteCount >= 4096,
            chunkByteCount <= Self.chunkByteCountMax, slotCount <= Self.slotCountMax,
            resourceByteCount <= Self.textByteCountMax, scopeByteCount <= Self.textByteCountMax,
            byteCount <= Self.spoolByteCountMax
        else { return nil }
    }

    /// The layout of a spool whose header is damaged: the header's own, if it accounts for exactly
    /// the file's bytes, or one that the chunks themselves give away.
    init?(guessing header: [UInt8], _ file: ReadOnlyFile) throws(SystemError) {
        let fileByteCount = try file.byteCount()
        guard header.count == Self.headerByteCount, fileByteCount <= UInt64(Self.spoolByteCountMax)
        else { return nil }
        let layout = Self(believing: header).flatMap { layout in
            UInt64(layout.byteCount) == fileByteCount ? layout : nil
        }
        if let layout {
            self = layout
        } else if let layout = try Self.ofChunks(in: file, Int(fileByteCount)) {
            self = layout
        } else {
            return nil
        }
    }

    /// A layout of chunks alone, up to the end of the file.
    private static func ofChunks(
        in file: ReadOnlyFile, _ fileByteCount: Int
    ) throws(SystemError) -> SpoolLayout? {
        var triesLeft = tryCountMax
        for start in stride(from: headerByteCount, to: fileByteCount - 4095, by: 4096) {
            guard let first = try FirstEntry(ofChunkAt: start, file) else { continue }
            for end in stride(from: start + 4096, through: fileByteCount, by: 4096) {
                triesLeft -= 1
                guard triesLeft > 0 else { return nil }
                let place = try file.bytes(at: UInt64(end - 8), count: 8)
                guard place == first.place else { continue }
                return SpoolLayout(start: start, chunkByteCount: end - start, fileByteCount)
            }
        }
        return nil
    }

    private static let tryCountMax = 1 << 20

    /// Chunks stand side by side up to the file's end, and so all of them are known by one.
    private init?(start: Int, chunkByteCount: Int, _ fileByteCount: Int) {
        guard chunkByteCount <= Self.chunkByteCountMax else { return nil }
        self.chunkByteCount = chunkByteCount
        slotCount = 0
        scopeByteCount = 0
        // What comes before the first chunk passes for a resource that is as long.
        let phase = (start - Self.headerByteCount) % chunkByteCount
        resourceByteCount = phase
        chunkCount = (fileByteCount - Self.headerByteCount - phase) / chunkByteCount
    }

    /// The first entry of a chunk, as its index would name it.
    private struct FirstEntry {
        let place: [UInt8]

        /// `nil` if no chunk begins here, or one without an entry.
        init?(ofChunkAt start: Int, _ file: ReadOnlyFile) throws(SystemError) {
            let head = try file.bytes(at: UInt64(start), count: 4096)
            guard head.count == 4096 else { return nil }
            let sequence = UInt64(littleEndianIn: head, at: Chunk.sequence)
            guard sequence > 0, head[Chunk.entries] == FieldTag.entry else { return nil }
            var reader = ProtobufReader(head, Chunk.entries..<head.count)
            guard (try? reader.next()) != nil else { return nil }
            let end = reader.position - Chunk.entries
            let checksum = Checksum.ofEntry(
                head, Chunk.entries..<reader.position, sequence: sequence - 1)
            place = (UInt64(checksum) << 32 | UInt64(end)).littleEndianBytes
        }
    }
}
