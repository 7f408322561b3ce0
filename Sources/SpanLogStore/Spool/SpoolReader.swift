import Glibc
import SpanLogFormat

/// What a spool holds, read as a copy and without trusting it.
///
/// The recorder may be alive and go on meanwhile: a chunk that it reuses while it is copied is left
/// out, since its block is in a segment by then. Read the spools of a store before its segments.
struct SpoolReader: Sendable {
    let path: String
    let recorderID: RecorderID
    let bootID: [UInt8]
    let resource: [UInt8]
    let scope: [UInt8]
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
    private(set) var damages: [String] = []

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

    /// - Throws: ``FormatError`` if the file is no spool, or ``SystemError``.
    init(_ path: String) throws {
        self.path = path
        let file = try ReadOnlyFile(path)
        isLive = file.isLockedByAnother
        let layout: SpoolLayout
        let header = try file.bytes(at: 0, count: SpoolLayout.headerByteCount)
        layout = try SpoolLayout(header, fileByteCount: try file.byteCount())
        typealias Header = SpoolLayout.Header
        recorderID = RecorderID(bytes: header[Header.recorderID..<Header.recorderID + 16])!
        bootID = Array(header[Header.bootID..<Header.bootID + 16])
        let texts = try file.bytes(
            at: UInt64(SpoolLayout.headerByteCount),
            count: layout.resourceByteCount + layout.scopeByteCount)
        try Self.check(header, texts)
        resource = Array(texts.prefix(layout.resourceByteCount))
        scope = Array(texts.dropFirst(layout.resourceByteCount))
        let boottime = UInt64(littleEndianIn: header, at: Header.lastSeenBoottime)
        let offset = UInt64(littleEndianIn: header, at: Header.clockOffset)
        lastSeenBoottimeNanoseconds = boottime
        lastSeenNanoseconds = boottime == 0 ? 0 : boottime &+ offset
        drops = DropCounters(
            (0..<8).map { UInt64(littleEndianIn: header, at: Header.drops + 8 * $0) })
        try readSlots(file, layout)
        for index in 0..<layout.chunkCount { try readChunk(file, layout, index) }
        chunks.sort { $0.sequence < $1.sequence }
    }

    private static func check(_ header: [UInt8], _ texts: [UInt8]) throws(FormatError) {
        typealias Header = SpoolLayout.Header
        let checked = Array(header[Header.checked..<Header.variable]) + texts
        let checksum = UInt64(littleEndianIn: header, at: Header.checksum)
        guard Checksum.xxh3(checked, 0..<checked.count) == checksum else {
            throw FormatError("the header's checksum does not match its bytes")
        }
    }
}

extension SpoolReader {
    private mutating func readChunk(
        _ file: ReadOnlyFile, _ layout: SpoolLayout, _ index: Int
    ) throws {
        typealias Field = SpoolLayout.Chunk
        let offset = UInt64(layout.chunkOffset(index))
        let head = try file.bytes(at: offset, count: Field.entries)
        guard head.count == Field.entries else { return }
        let sequence = UInt64(littleEndianIn: head, at: Field.sequence)
        let extent = UInt64(littleEndianIn: head, at: Field.extent)
        guard sequence > 0 else { return }
        let (spanCount, byteCount) = (Int(extent >> 32), Int(extent & 0xFFFF_FFFF))
        let indexByteCount = spanCount * Field.indexEntryByteCount
        guard Field.entries + byteCount + indexByteCount <= layout.chunkByteCount else {
            damages.append("chunk \(index) claims more than it can hold")
            return
        }
        let entries = try file.bytes(at: offset + UInt64(Field.entries), count: byteCount)
        let places = try file.bytes(
            at: offset + UInt64(layout.chunkByteCount - indexByteCount), count: indexByteCount)
        let after = try file.bytes(at: offset, count: Field.entries)
        guard after.prefix(Field.extent) == head.prefix(Field.extent),
            UInt64(littleEndianIn: after, at: Field.extent) >= extent
        else { return }
        add(entries, places, spanCount: spanCount, sequence: sequence - 1, chunk: index)
    }

    /// Takes entries as long as their checksums match: after a loss of power, pages that had not
    /// reached the disk hold something else.
    private mutating func add(
        _ entries: [UInt8], _ places: [UInt8], spanCount: Int, sequence: UInt64, chunk: Int
    ) {
        var end = 0
        var sound = 0
        for number in 0..<spanCount {
            let place = UInt64(
                littleEndianIn: places,
                at: places.count - (number + 1) * SpoolLayout.Chunk.indexEntryByteCount)
            let next = Int(place & 0xFFFF_FFFF)
            guard next > end, next <= entries.count,
                Checksum.ofEntry(entries, end..<next, sequence: sequence)
                    == UInt32(truncatingIfNeeded: place >> 32)
            else { break }
            end = next
            sound += 1
        }
        if sound < spanCount {
            damages.append("\(spanCount - sound) spans of chunk \(chunk) did not reach the disk")
        }
        chunks.append(
            Chunk(sequence: sequence, entries: Array(entries.prefix(end)), spanCount: sound))
    }

    private mutating func readSlots(_ file: ReadOnlyFile, _ layout: SpoolLayout) throws {
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

extension SpoolLayout {
    /// Reads the layout from a header.
    ///
    /// - Throws: ``FormatError`` if this is no spool, one of a newer format, or cut off.
    init(_ header: [UInt8], fileByteCount: UInt64) throws(FormatError) {
        guard header.count == Self.headerByteCount, header.starts(with: Self.magic) else {
            throw FormatError("this is no spool: it does not begin as one")
        }
        let version = UInt16(littleEndianIn: header, at: Header.version)
        guard version == Self.version else {
            throw FormatError("the spool has format \(version); this version reads 1")
        }
        func number(_ offset: Int) -> Int { Int(UInt32(littleEndianIn: header, at: offset)) }
        chunkCount = number(Header.chunkCount)
        chunkByteCount = number(Header.chunkByteCount)
        slotCount = number(Header.slotCount)
        resourceByteCount = number(Header.resourceByteCount)
        scopeByteCount = number(Header.scopeByteCount)
        guard number(Header.slotByteCount) == Self.slotByteCount,
            number(Header.byteCount) == Self.headerByteCount, chunkByteCount >= 4096,
            UInt64(byteCount) <= fileByteCount
        else {
            throw FormatError("the spool is cut off, or its header lies")
        }
    }
}
