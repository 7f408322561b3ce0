import SpanLogFormat
import SpanLogMerge
import SpanLogStore
import SpanLogTestSupport
import Testing

@Suite(.scratchDirectory) struct OrderTests {
    /// However the blocks lie in stores, and whatever the stores are called.
    @Test(arguments: [UInt64(1), 2, 3])
    func `any order and grouping of the blocks gives the same archive`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let blocks = Self.blocks(seed: seed)
        let expected = try Merged(blocks, to: "all at once")
        let content = try expected.content()
        #expect(Set(content.map(\.table)) == ["traces", "index", "quarantine"])
        for attempt in 0..<4 {
            var stores: [Int: [CraftedBlock]] = [:]
            for block in blocks {
                stores[generator.below(4), default: []].append(block)
                // Some are carried twice.
                if generator.below(4) == 0 { stores[9, default: []].append(block) }
            }
            var paths: [String] = []
            for (number, blocks) in stores {
                let path = Scratch.path("\(attempt) \(generator.below(1000)) \(number)")
                try Merged.write(blocks, toStore: path)
                paths.append(path)
            }
            let merged = try Merged(paths.shuffled(using: &generator), to: "attempt \(attempt)")
            // An expectation would describe both archives if they differed.
            #expect((try merged.content() == content) == true)
            #expect(merged.report.traces == expected.report.traces)
            let (one, other) = (merged.report.accounting, expected.report.accounting)
            #expect(one.isBalanced)
            #expect(one.read - one.replica == other.read - other.replica)
            #expect(one.spansOut == other.spansOut && one.identical == other.identical)
            #expect(one.quarantined == other.quarantined)
        }
    }

    @Test func `merging the same stores again changes nothing`() throws {
        let store = Scratch.path("store")
        try Merged.write(Self.blocks(seed: 4), toStore: store)
        let (first, second) = (try Merged([store], to: "1"), try Merged([store], to: "2"))
        #expect((try first.content() == second.content()) == true)
        #expect(try first.report.json() == second.report.json())
    }

    @Test func `of identical spans with unequal resources the same one is always kept`() throws {
        var blocks = (UInt64(0)..<6).map { CraftedBlock(sequence: $0, [.span(1)]) }
        for index in blocks.indices { blocks[index].service = "service \((index * 5) % 7)" }
        let expected = try Merged(blocks, to: "all at once").content()
        for (index, block) in blocks.enumerated() {
            try Merged.write([block], toStore: Scratch.path("store \(9 - index)"))
        }
        let merged = try Merged(blocks.indices.map { Scratch.path("store \(9 - $0)") })
        #expect(try merged.content() == expected)
    }

    /// Blocks of four recorders whose spans share traces, identifiers, bytes and faults.
    private static func blocks(seed: UInt64) -> [CraftedBlock] {
        var generator = SeededGenerator(seed: seed)
        return (0..<40).map { number in
            let spans = (0..<generator.below(8)).map { _ in
                var span = SpanRecord.span(
                    UInt64(generator.below(12)), parent: UInt64(1 + generator.below(12)),
                    trace: UInt64(generator.below(9)), start: UInt64(generator.below(6)))
                span.name = generator.element(of: ["a", "b"])
                if generator.below(4) == 0 { span.parentSpanID = nil }
                return span
            }
            return CraftedBlock(
                recorder: UInt8(1 + number % 4), sequence: UInt64(number / 4), spans)
        }
    }
}
