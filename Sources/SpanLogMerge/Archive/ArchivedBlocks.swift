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
    /// What the records of a `ResourceSpans` have in common, by where it begins.
    private let origins = Mutex<[Int: ArchivedOrigin]>([:])

    /// A recorder and one resource of it.
    struct ArchivedOrigin: Sendable {
        let origin: Origin
        let resource: Resource
    }

    init(_ block: Block) {
        self.block = block
        places = SpanPlaces(in: block.bytes.span, block.payload)
    }

    /// What it takes in memory, roughly.
    var byteCount: Int {
        block.bytes.count + places.spans.count * MemoryLayout<Range<Int>>.stride
            + places.groups.count * MemoryLayout<SpanPlaces.Group>.stride
    }

    /// The number among the recorder's blocks, plus 1; 0 for spans that were open.
    var sequence: UInt64 { BlockSequences.sequence(of: block) }

    /// The record at a place of the block.
    ///
    /// - Throws: ``FormatError`` if there is none, or it cannot be decoded.
    /// - Complexity: O(log *n*) in the number of groups, and O(*n*) in the bytes of the record.
    func record(_ index: UInt64) throws(FormatError) -> (SpanRecord, ArchivedOrigin) {
        guard index < UInt64(places.spans.count) else {
            throw FormatError("a trace names record \(index) of a block, which is not there")
        }
        let origin = try origin(of: group(of: Int(index)))
        return (try SpanRecord(decoding: block.bytes, places.spans[Int(index)]), origin)
    }

    /// The group of a span. Groups stand in the order of their spans, and have some.
    private func group(of index: Int) -> SpanPlaces.Group {
        var (low, high) = (0, places.groups.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if places.groups[middle].spans.upperBound <= index {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return places.groups[low]
    }

    private func origin(of group: SpanPlaces.Group) throws(FormatError) -> ArchivedOrigin {
        let key = group.resourceSpans.lowerBound
        if let known = origins.withLock({ $0[key] }) { return known }
        let resource = Array(block.bytes[group.resource])
        let origin = ArchivedOrigin(
            origin: try Origin(
                recorderID: block.header.recorderID, bootID: block.header.anchor.bootID,
                resource: resource, schemaURL: Array(block.bytes[group.resourceSchema])),
            resource: try Resource(decoding: resource))
        origins.withLock { $0[key] = origin }
        return origin
    }
}
