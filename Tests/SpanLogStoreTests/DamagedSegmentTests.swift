import Foundation
import SpanLogFormat
import SpanLogLMDB
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

/// A segment that is damaged or forged must not crash or hang its reader, and a block is delivered
/// only as it was written.
@Suite(.scratchDirectory, .timeLimit(.minutes(10))) struct DamagedSegmentTests {
    private let path = Scratch.path("segment.mdb")

    /// 250 mutations for each seed and size; with 180 blocks the tree has two levels.
    @Test(arguments: [UInt64(1), 2, 3, 4], [12, 180])
    func `of a damaged segment, only blocks as they were written are read`(
        seed: UInt64, blockCount: Int
    ) throws {
        let blocks = Self.blocks(blockCount)
        try Self.write(blocks, to: path)
        var damage = Damage(seed: seed, original: try Self.content(of: path))
        var deliveredCount = 0
        for _ in 0..<250 {
            try Data(damage.next()).write(to: URL(filePath: path))
            guard let segment = try? SegmentReader(path) else { continue }
            // Whatever the size, a dozen blocks are looked at, others each time.
            let offset = UInt64(deliveredCount % (blockCount / 12))
            for location in segment.locations
            where location.sequence % UInt64(blockCount / 12) == offset {
                guard let block = try? segment.block(at: location) else { continue }
                deliveredCount += 1
                let written = blocks[Int(clamping: location.sequence)]
                // What pads a block is nobody's content, and outside the checksum.
                let end = block.payload.upperBound
                if block.bytes[..<end] != written[..<end] {
                    Issue.record("block \(location.sequence) was not written so")
                }
            }
        }
        #expect(deliveredCount > 500, "the damage left too little to test with")
    }

    @Test func `a segment cut off anywhere is an error or a part of it`() throws {
        let blocks = Self.blocks(12)
        try Self.write(blocks, to: path)
        let original = try Self.content(of: path)
        for count in stride(from: 0, through: original.count, by: 1021) {
            try Data(original.prefix(count)).write(to: URL(filePath: path))
            guard let segment = try? SegmentReader(path) else { continue }
            for location in segment.locations { _ = try? segment.block(at: location) }
        }
        try Data(original).write(to: URL(filePath: path))
        #expect(try SegmentReader(path).locations.count == blocks.count)
    }

    @Test func `bytes that are no segment are named as damage`() throws {
        var generator = SeededGenerator(seed: 9)
        for count in [1, 255, 256, 4096, 8192, 40_000] {
            try Data(generator.bytes(count: count)).write(to: URL(filePath: path))
            let error = #expect(throws: StoreError.self) { try SegmentReader(path) }
            #expect(error?.code == .damaged)
            #expect(error?.message.contains(path) == true)
        }
    }

    @Test func `a tree that leads back to itself ends`() throws {
        try Self.write(Self.blocks(180), to: path)
        let original = try Self.content(of: path)
        let leaves = Self.treePages(original)
        #expect(!leaves.isEmpty)
        for page in leaves {
            var forged = original
            // Made a branch, whose every child is the page itself.
            forged[page * 4096 + 10] = 1
            let lower = Int(UInt16(littleEndianIn: forged, at: page * 4096 + 12))
            for slot in stride(from: 16, to: lower, by: 2) {
                let node = page * 4096 + Int(UInt16(littleEndianIn: forged, at: page * 4096 + slot))
                let child = UInt64(page).littleEndianBytes.prefix(6)
                forged.replaceSubrange(node..<node + 6, with: child)
            }
            try Data(forged).write(to: URL(filePath: path))
            guard let segment = try? SegmentReader(path) else { continue }
            #expect(segment.locations.isEmpty, "page \(page) has no entries any more")
        }
    }

    @Test func `entries that all name the same pages do not multiply the work`() throws {
        var blocks = (UInt64(0)..<100).map { CraftedBlock(sequence: $0).bytes }
        var large = CraftedBlock(sequence: 100)
        large.spans = [[UInt8](repeating: 1, count: 4 << 20)]
        blocks.append(large.bytes)
        try Self.write(blocks, to: path)
        var forged = try Self.content(of: path)
        let location = try #require(try SegmentReader(path).locations.last)
        let first = (location.offset - 16) / 4096
        for page in Self.treePages(forged) {
            let lower = Int(UInt16(littleEndianIn: forged, at: page * 4096 + 12))
            for slot in stride(from: 16, to: lower, by: 2) {
                let node = page * 4096 + Int(UInt16(littleEndianIn: forged, at: page * 4096 + slot))
                guard UInt16(littleEndianIn: forged, at: node + 4) & 1 != 0 else { continue }
                forged.replaceSubrange(
                    node..<node + 4, with: UInt32(location.byteCount).littleEndianBytes)
                forged.replaceSubrange(node + 16..<node + 24, with: first.littleEndianBytes)
            }
        }
        try Data(forged).write(to: URL(filePath: path))
        let named = (try? SegmentReader(path).locations) ?? []
        #expect(named.reduce(0) { $0 + $1.byteCount } <= forged.count)
    }

    /// Blocks of one page, and one of several.
    private static func blocks(_ count: Int) -> [[UInt8]] {
        var random = RandomSpans(seed: 1)
        return (0..<UInt64(count)).map { sequence in
            var block = CraftedBlock(sequence: sequence)
            block.spans = [random.next().encoded()]
            if sequence == 5 { block.spans.append([UInt8](repeating: 1, count: 10_000)) }
            return block.bytes
        }
    }

    private static func write(_ blocks: [[UInt8]], to path: String) throws {
        try CraftedBlock.write(
            blocks.enumerated().map { (UInt64($0.offset).bigEndianBytes, $0.element) },
            table: "blocks", path: path)
    }

    private static func content(of path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path)))
    }

    /// The numbers of the leaves, by their flags and their own numbers.
    static func treePages(_ bytes: [UInt8]) -> [Int] {
        (2..<bytes.count / 4096).filter { page in
            UInt64(littleEndianIn: bytes, at: page * 4096) == UInt64(page)
                && UInt16(littleEndianIn: bytes, at: page * 4096 + 10) == 2
        }
    }
}

/// What disks, sticks and forgers do to a file.
private struct Damage {
    private var generator: SeededGenerator
    private let original: [UInt8]
    /// The pages that are not the blocks themselves: the most interesting ones.
    private let special: [Int]

    init(seed: UInt64, original: [UInt8]) {
        generator = SeededGenerator(seed: seed)
        self.original = original
        special = [0, 1] + DamagedSegmentTests.treePages(original)
    }

    mutating func next() -> [UInt8] {
        var bytes = original
        switch generator.below(8) {
        case 0: bytes.removeLast(generator.below(bytes.count))
        case 1, 2: flip(1 + generator.below(64), in: 0..<bytes.count, of: &bytes)
        case 3, 4:
            flip(1 + generator.below(8), in: range(of: generator.element(of: special)), of: &bytes)
        case 5: bytes.replaceSubrange(range(of: page()), with: repeatElement(0, count: 4096))
        case 6:
            let (first, second) = (range(of: page()), range(of: page()))
            bytes.replaceSubrange(first, with: original[second])
            bytes.replaceSubrange(second, with: original[first])
        default: bytes.replaceSubrange(range(of: page()), with: generator.bytes(count: 4096))
        }
        return bytes
    }

    private mutating func flip(_ count: Int, in range: Range<Int>, of bytes: inout [UInt8]) {
        for _ in 0..<count {
            bytes[range.lowerBound + generator.below(range.count)] ^= 1 << UInt8(generator.below(8))
        }
    }

    /// Any page, every second time one that is not a block.
    private mutating func page() -> Int {
        generator.below(2) == 0
            ? generator.element(of: special) : generator.below(original.count / 4096)
    }

    private func range(of page: Int) -> Range<Int> { page * 4096..<(page + 1) * 4096 }
}
