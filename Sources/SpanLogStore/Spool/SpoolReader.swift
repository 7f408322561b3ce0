import SpanLogFormat

/// What a spool holds, read as a copy and without trusting it.
///
/// The recorder may be alive and go on meanwhile: a chunk that it reuses while it is copied is left
/// out, since its block is in a segment by then. Read the spools of a store before its segments.
struct SpoolReader: Sendable {
    let path: String
    let recorderID: RecorderID
    private(set) var identity: Identity
    /// Whether the header is damaged, so that ``identity`` is empty.
    private(set) var isIdentityLost: Bool
    /// Whether the recorder's process lives and has the spool open.
    let isLive: Bool
    /// The recorder's last sign of life by its wall clock, in nanoseconds since 1970; 0 if it
    /// never came to give one.
    let lastSeenNanoseconds: UInt64
    /// The same moment by the clock since boot.
    let lastSeenBoottimeNanoseconds: UInt64
    let drops: DropCounters
    /// The chunks that are in use, by sequence. One may have no span yet.
    private(set) var chunks: [Chunk] = []
    /// The spans that were open: serialized OTLP `Span`s without an end.
    private(set) var openSpans: [OpenSpan] = []
    /// What could not be read.
    private(set) var damages: FileDamages
    private let file: ReadOnlyFile
    private let layout: SpoolLayout
    private let isHeaderDamaged: Bool

    /// What all spans of the recorder have in common.
    struct Identity: Sendable {
        let bootID: [UInt8]
        let resource: [UInt8]
        let scope: [UInt8]
    }

    /// Spans that were not in a block when the spool was read.
    struct Chunk: Sendable {
        let sequence: UInt64
        /// The entries, each a serialized OTLP `Span` behind its tag and length.
        let entries: [UInt8]
        let spanCount: Int
    }

    /// A span that had not ended.
    struct OpenSpan: Sendable {
        let bytes: [UInt8]
        /// The span was just ending, so it may be in a chunk or block as well.
        let isEnding: Bool
    }

    /// - Parameter copiesChunks: Whether ``chunks`` are copied, as they must be while the recorder goes
    ///   on; otherwise ``forEachBlock(_:)`` reads them.
    /// - Throws: ``FormatError`` if the file is no spool, or ``SystemError``.
    init(_ path: String, copiesChunks: Bool = true) throws {
        self.path = path
        file = try ReadOnlyFile(path)
        isLive = file.isLockedByAnother
        let header = try SpoolHeader(file)
        layout = header.layout
        recorderID = header.recorderID
        identity = Identity(bootID: header.bootID, resource: header.resource, scope: header.scope)
        isHeaderDamaged = header.damage != nil
        isIdentityLost = isHeaderDamaged
        let boottime = header.lastSeenBoottime
        lastSeenBoottimeNanoseconds = boottime
        lastSeenNanoseconds = boottime == 0 ? 0 : boottime &+ header.clockOffset
        drops = header.drops
        damages = FileDamages(path: path)
        if let damage = header.damage { add(damage, at: 0) }
        let (byteCount, expected) = (try file.byteCount(), UInt64(header.layout.byteCount))
        if byteCount < expected {
            add("the spool is cut off, and had \(expected) bytes", at: byteCount)
        }
        try readSlots()
        guard copiesChunks else { return }
        for number in 0..<layout.chunkCount { try readChunk(number) }
        chunks.sort { $0.sequence < $1.sequence }
    }

    /// Takes what a damaged header cannot tell.
    mutating func adopt(_ identity: Identity) {
        guard isIdentityLost else { return }
        self.identity = identity
        isIdentityLost = false
    }
}

extension SpoolReader.Identity {
    /// What a block of the same recorder says, or `nil` if it has no span.
    init?(of block: Block) {
        var place: TracesData.Location?
        try? TracesData.forEachSpan(in: block.bytes, block.payload) { place = place ?? $0 }
        guard let place else { return nil }
        self.init(
            bootID: block.header.anchor.bootID, resource: Array(block.bytes[place.resource]),
            scope: Array(block.bytes[place.scope]))
    }
}

extension SpoolReader {
    /// Calls `body` with what the spool holds, as blocks, one chunk in memory at a time.
    mutating func forEachBlock(_ body: (Block) throws -> Void) rethrows {
        for number in chunkNumbers() {
            do {
                try readChunk(number)
            } catch {
                add(
                    "chunk \(number) cannot be read: \(error)",
                    at: UInt64(layout.chunkOffset(number)))
            }
            for block in chunkBlocks { try body(block) }
            chunks = []
        }
        if let block = openSpansBlock { try body(block) }
    }

    /// The chunks that are in use, in the order of their sequences.
    private func chunkNumbers() -> [Int] {
        let used = (0..<layout.chunkCount).compactMap { number -> (sequence: UInt64, Int)? in
            let offset = UInt64(layout.chunkOffset(number) + SpoolLayout.Chunk.sequence)
            guard let bytes = try? file.bytes(at: offset, count: 8), bytes.count == 8 else {
                return nil
            }
            let sequence = UInt64(littleEndianIn: bytes, at: 0)
            return sequence > 0 ? (sequence, number) : nil
        }
        return used.sorted { $0.sequence < $1.sequence }.map(\.1)
    }

    private mutating func readChunk(_ number: Int) throws {
        typealias Field = SpoolLayout.Chunk
        let offset = UInt64(layout.chunkOffset(number))
        let head = try file.bytes(at: offset, count: Field.entries)
        guard head.count == Field.entries else { return }
        let sequence = UInt64(littleEndianIn: head, at: Field.sequence)
        let extent = UInt64(littleEndianIn: head, at: Field.extent)
        guard sequence > 0 else { return }
        let chunk = SpoolChunkReader(file: file, layout: layout, offset: offset, extent: extent)
        let entries = try chunk.entries(sequence: sequence - 1)
        let after = try file.bytes(at: offset, count: Field.entries)
        guard !isLive || after.prefix(Field.extent) == head.prefix(Field.extent),
            !isLive || UInt64(littleEndianIn: after, at: Field.extent) >= extent
        else { return }
        // Where nothing is sound, the sequence need not be either.
        let isEmpty = chunk.isEmpty && !isHeaderDamaged
        if entries.count > 0 || isEmpty {
            chunks.append(
                Chunk(sequence: sequence - 1, entries: entries.bytes, spanCount: entries.count))
        }
        guard let damage = chunk.damage(entries), entries.count > 0 || !isHeaderDamaged else {
            return
        }
        add("chunk \(number) \(damage)", at: offset, sequence: sequence - 1)
    }

    private mutating func add(_ reason: String, at offset: UInt64, sequence: UInt64? = nil) {
        damages.add(
            "\(path), byte \(offset): \(reason).", at: offset, recorder: recorderID,
            sequence: sequence)
    }

    private mutating func readSlots() throws {
        typealias Slot = SpoolLayout.Slot
        let size = SpoolLayout.slotByteCount
        let table = try file.bytes(
            at: UInt64(layout.slotsOffset), count: layout.slotCount * size)
        for start in stride(from: 0, to: table.count - size + 1, by: size) {
            let state = UInt64(littleEndianIn: table, at: start + Slot.state)
            let kind = state & Slot.stateMask
            let count = UInt64(littleEndianIn: table, at: start + Slot.contentByteCount)
            guard kind != Slot.isFree, count > 0, count <= UInt64(Slot.contentByteCountMax) else {
                continue
            }
            // The recorder may have given the slot to another span while the table was copied, or
            // taken attributes back to write others.
            let now = try file.bytes(at: UInt64(layout.slotsOffset + start), count: Slot.content)
            guard now.count == Slot.content else { continue }
            guard !isLive || UInt64(littleEndianIn: now, at: Slot.state) == state else { continue }
            let sound = min(count, UInt64(littleEndianIn: now, at: Slot.contentByteCount))
            let content = start + Slot.content
            openSpans.append(
                OpenSpan(
                    bytes: Array(table[content..<content + Int(sound)]),
                    isEnding: kind == Slot.isEnding))
        }
    }
}
