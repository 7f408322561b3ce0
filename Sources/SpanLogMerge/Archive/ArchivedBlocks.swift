import SpanLogFormat
import SpanLogStore
import Synchronization

/// The blocks of an archive, of which those that were read last stay in memory: the traces of one time are
/// in few blocks.
final class ArchivedBlocks: Sendable {
    private let table: LMDBTree?
    private let state = Mutex(State())

    fileprivate struct State {
        var blocks: [UInt64: Entry] = [:]
        var byteCount = 0
        var clock: UInt64 = 0
    }

    fileprivate struct Entry {
        let block: ArchivedBlock
        var usedAt: UInt64
    }

    init(_ table: LMDBTree?) {
        self.table = table
    }

    /// The block of a number.
    ///
    /// - Throws: ``FormatError`` if there is none, or it is not as it was written.
    func block(_ number: UInt64) throws -> ArchivedBlock {
        let known = state.withLock { state -> ArchivedBlock? in
            state.clock += 1
            state.blocks[number]?.usedAt = state.clock
            return state.blocks[number]?.block
        }
        if let known { return known }
        guard let value = try table?.value(for: number.bigEndianBytes) else {
            throw FormatError("a trace names block \(number), which is not there")
        }
        let block = ArchivedBlock(try Block(archived: value))
        state.withLock { $0.keep(block, number) }
        return block
    }

    /// Calls `body` with all blocks and their values, in the order of their numbers.
    func forEach(_ body: (Block, _ value: [UInt8]) throws -> Void) throws {
        try table?.forEachEntry { entry in
            guard let value = try table?.value(of: entry) else { return false }
            try body(try Block(archived: value), value)
            return true
        }
    }

    fileprivate static let byteCountMax = 64 << 20
}

extension ArchivedBlocks.State {
    /// Keeps a block, in place of those that were not used for longest.
    mutating func keep(_ block: ArchivedBlock, _ number: UInt64) {
        guard blocks[number] == nil else { return }
        blocks[number] = .init(block: block, usedAt: clock)
        byteCount += block.byteCount
        guard byteCount > ArchivedBlocks.byteCountMax else { return }
        // Half of them at once, so that looking for them costs little.
        for (number, entry) in blocks.sorted(by: { $0.value.usedAt < $1.value.usedAt }) {
            guard byteCount > ArchivedBlocks.byteCountMax / 2, blocks.count > 1 else { return }
            blocks[number] = nil
            byteCount -= entry.block.byteCount
        }
    }
}

/// A block of an archive, and where its records are.
final class ArchivedBlock: Sendable {
    let block: Block
    private let places: SpanPlaces
    /// What all records of a group have in common, by the group's place.
    private let origins: [ArchivedOrigin?]

    /// A recorder and one resource of it.
    struct ArchivedOrigin: Sendable {
        let origin: Origin
        let resource: Resource
    }

    init(_ block: Block) {
        self.block = block
        places = SpanPlaces(in: block.bytes.span, block.payload)
        var last: (place: Range<Int>, origin: ArchivedOrigin?)?
        origins = places.groups.map { group in
            if let last, last.place == group.resource { return last.origin }
            let origin = Self.origin(of: group, in: block)
            last = (group.resource, origin)
            return origin
        }
    }

    /// What it takes in memory, roughly.
    var byteCount: Int {
        block.bytes.count + places.spans.count * MemoryLayout<Range<Int>>.stride + 1024
    }

    /// The number among the recorder's blocks, plus 1; 0 for spans that were open.
    var sequence: UInt64 { BlockSequences.sequence(of: block) }

    private static func origin(of group: SpanPlaces.Group, in block: Block) -> ArchivedOrigin? {
        let resource = Array(block.bytes[group.resource])
        guard
            let decoded = try? Resource(decoding: resource),
            let origin = try? Origin(
                recorderID: block.header.recorderID, bootID: block.header.anchor.bootID,
                resource: resource, schemaURL: Array(block.bytes[group.resourceSchema]))
        else { return nil }
        return ArchivedOrigin(origin: origin, resource: decoded)
    }

    /// The record at a place of the block.
    ///
    /// - Throws: ``FormatError`` if there is none, or it cannot be decoded.
    func record(_ index: UInt64) throws(FormatError) -> (SpanRecord, ArchivedOrigin) {
        guard index < UInt64(places.spans.count),
            let group = places.groups.firstIndex(where: { $0.spans.contains(Int(index)) }),
            let origin = origins[group]
        else { throw FormatError("a trace names record \(index) of a block, which is not there") }
        return (try SpanRecord(decoding: block.bytes, places.spans[Int(index)]), origin)
    }
}
