import Foundation
import SpanLogFormat
import SpanLogTestSupport

@testable import SpanLogMerge
@testable import SpanLogStore

/// An archive with all that there may be in one, and what disks, sticks and forgers do to it.
struct DamagedArchive {
    let merged: Merged
    private(set) var bytes: [UInt8]
    /// The blocks as they are stored, without the zeros behind them, and where they begin.
    let blocks: [Int: [UInt8]]

    init(seed: UInt64, to name: String = "archive") throws {
        merged = try Merged(Self.content(seed), to: name)
        bytes = [UInt8](try Data(contentsOf: URL(filePath: merged.path)))
        var blocks: [Int: [UInt8]] = [:]
        for start in stride(from: 16, to: bytes.count - 192, by: 4096)
        where bytes[start..<start + 8].elementsEqual(BlockHeader.magic) {
            let count = 192 + Int(UInt64(littleEndianIn: bytes, at: start + 72))
            blocks[start] = Array(bytes[start..<start + count])
        }
        self.blocks = blocks
    }

    /// Blocks of several recorders, of several pages some of them, with records that can be in no trace,
    /// spans that are joined and changed, twins, and open spans of two moments.
    private static func content(_ seed: UInt64) throws -> [CraftedBlock] {
        var random = RandomSpans(seed: seed)
        var blocks: [CraftedBlock] = []
        for recorder in UInt8(1)...3 {
            for sequence in UInt64(0)..<5 {
                var block = CraftedBlock(recorder: recorder, sequence: sequence, random.next(20))
                block.spans += [SpanRecord.span(1), .span(2, parent: 1), .span(0)].map {
                    $0.encoded()
                }
                block.service = "service \(recorder)"
                if sequence == 3 { block.payload = [1, 2, 3] }
                blocks.append(block)
            }
        }
        var large = CraftedBlock(recorder: 4, random.next(1))
        var generator = SeededGenerator(seed: seed)
        large.payload = generator.bytes(count: 30_000)
        return blocks + [large, CraftedBlock(recorder: 4, sequence: .max, random.next(4))]
    }

    // MARK: Damage

    /// The pages that no block stands on: meta pages, the tree and chunks.
    var otherPages: [Int] {
        var taken: Set<Int> = []
        for (start, block) in blocks {
            taken.formUnion(start / 4096...(start + block.count - 1) / 4096)
        }
        return (0..<bytes.count / 4096).filter { !taken.contains($0) }
    }

    mutating func zero(page: Int) {
        let range = page * 4096..<min((page + 1) * 4096, bytes.count)
        bytes.replaceSubrange(range, with: repeatElement(0, count: range.count))
    }

    /// Damages it in a way that the generator chooses.
    mutating func mutate(_ generator: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let pageCount = bytes.count / 4096
        switch generator.below(7) {
        case 0: bytes.removeLast(1 + generator.below(bytes.count))
        case 1: flip(1 + generator.below(64), in: 0..<bytes.count, &generator)
        case 2:
            let page = generator.element(of: otherPages)
            let range = page * 4096..<min((page + 1) * 4096, bytes.count)
            if !range.isEmpty { flip(1 + generator.below(8), in: range, &generator) }
        case 3: zero(page: generator.below(pageCount + 1))
        case 4:
            for page in otherPages where page * 4096 < bytes.count && generator.below(3) == 0 {
                zero(page: page)
            }
        case 5: swap(generator.below(pageCount + 1), generator.below(pageCount + 1))
        default:
            let page = generator.below(pageCount + 1)
            let range = page * 4096..<min((page + 1) * 4096, bytes.count)
            bytes.replaceSubrange(range, with: generator.bytes(count: range.count))
        }
    }

    private mutating func flip(
        _ count: Int, in range: Range<Int>, _ generator: inout SeededGenerator
    ) {
        for _ in 0..<count {
            let place = range.lowerBound + generator.below(range.count)
            if place < bytes.count { bytes[place] ^= 1 << UInt8(generator.below(8)) }
        }
    }

    mutating func flip(bit: UInt8, at place: Int) { bytes[place] ^= 1 << bit }

    /// Replaces a text, wherever it stands, by another one of the same length.
    mutating func replace(_ text: String, with other: String) {
        for range in bytes.ranges(of: Array(text.utf8)) {
            bytes.replaceSubrange(range, with: Array(other.utf8))
        }
    }

    mutating func swap(_ first: Int, _ second: Int) {
        guard max(first, second) * 4096 + 4096 <= bytes.count else { return }
        let pages = [first, second].map { $0 * 4096..<($0 + 1) * 4096 }
        let contents = pages.map { Array(bytes[$0]) }
        bytes.replaceSubrange(pages[0], with: contents[1])
        bytes.replaceSubrange(pages[1], with: contents[0])
    }

    // MARK: What is left

    /// The blocks whose bytes are all there, at any place where a block may begin.
    var survivors: Set<[UInt8]> {
        let known = Set(blocks.values)
        var found: Set<[UInt8]> = []
        for start in stride(from: 16, to: max(16, bytes.count - 192), by: 4096)
        where bytes[start..<start + 8].elementsEqual(BlockHeader.magic) {
            let count = 192 + Int(truncatingIfNeeded: UInt64(littleEndianIn: bytes, at: start + 72))
            guard count >= 192, count <= bytes.count - start else { continue }
            let block = Array(bytes[start..<start + count])
            if known.contains(block) { found.insert(block) }
        }
        return found
    }

    func write(to path: String) throws {
        try Data(bytes).write(to: URL(filePath: path))
    }
}
