import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge

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
            #expect(merged.report.digest == expected.report.digest)
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

    @Test(arguments: [UInt64(11), 12, 13, 14])
    func `stores merged one after the other give the archive of all at once`(
        seed: UInt64
    ) throws {
        var generator = SeededGenerator(seed: seed)
        let blocks = Self.blocks(seed: seed)
        let expected = try Merged(blocks, to: "all at once")
        let path = Scratch.path("growing")
        var last: MergeReport?
        for (number, share) in blocks.shuffled(using: &generator).chunked(into: 9).enumerated() {
            let store = Scratch.path("share \(number)")
            try Merged.write(share, toStore: store)
            let merge = Merge(stores: [try Store(store)])
            last = try number == 0 ? merge.write(to: path) : merge.write(into: path)
            #expect(last?.accounting.isBalanced == true)
        }
        var report = try #require(last)
        #expect(report.digest == expected.report.digest)
        #expect(report.traces.reopened > 0)
        report.traces.reopened = 0
        #expect(report.traces == expected.report.traces)
        #expect(report.orphans == expected.report.orphans)
        #expect(report.links == expected.report.links)
        #expect(report.accounting.quarantined == expected.report.accounting.quarantined)
        let merged = try Merge(stores: [try Store(Scratch.path("share 2"))]).write(into: path)
        #expect(merged.digest == expected.report.digest)
        #expect(merged.traces.reopened > 0)
    }

    @Test(arguments: [UInt64(21), 22])
    func `threads and memory change nothing`(seed: UInt64) throws {
        let store = Scratch.path("store")
        try Merged.write(Self.blocks(seed: seed, count: 120, spanMax: 40), toStore: store)
        var content: [Merged.Entry]?
        var digests: Set<String> = []
        for (threads, memory) in [(1, 1 << 29), (4, 1 << 29), (1, 1), (3, 1)] {
            var options = Merge.Options()
            options.threadCount = threads
            options.memoryBytesMax = memory
            let merged = try Merged([store], to: "\(threads) \(memory)", options)
            #expect(merged.report.accounting.isBalanced)
            digests.insert(merged.report.digest)
            let spans = try merged.spanNames()
            #expect(UInt64(spans.count) == merged.report.accounting.spansOut)
            if memory > 1 {
                #expect(merged.report.temporaryByteCount == 0)
                if content == nil { content = try merged.content() }
                #expect((try merged.content() == content) == true)
            } else {
                #expect(merged.report.temporaryByteCount > 0)
            }
        }
        #expect(digests.count == 1)
    }

    /// Blocks of four recorders whose spans share traces, identifiers, bytes and faults.
    private static func blocks(
        seed: UInt64, count: Int = 40, spanMax: Int = 8
    ) -> [CraftedBlock] {
        var generator = SeededGenerator(seed: seed)
        let kinds: [SpanRecord.Kind] = [.client, .server, .internal]
        return (0..<count).map { number in
            let spans = (0..<generator.below(spanMax)).map { _ in
                var span = SpanRecord.span(
                    UInt64(generator.below(12)), parent: UInt64(1 + generator.below(12)),
                    trace: UInt64(generator.below(9)), start: UInt64(generator.below(6)))
                span.name = generator.element(of: ["a", "b"])
                if generator.below(4) == 0 { span.parentSpanID = nil }
                if generator.below(4) == 0 { span.endNanoseconds = 0 }
                span.kind = generator.element(of: kinds)
                if generator.below(4) == 0 {
                    span.attributes = [Attribute("key", .int(Int64(generator.below(3))))]
                }
                if generator.below(4) == 0 {
                    let trace = TraceID(high: 0, low: UInt64(generator.below(10)))
                    let target = SpanID(UInt64(generator.below(12)))
                    span.links = [.init(traceID: trace, spanID: target)]
                }
                return span
            }
            return CraftedBlock(
                recorder: UInt8(1 + number % 4), sequence: UInt64(number / 4), spans)
        }
    }
}

extension Array {
    fileprivate func chunked(into count: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: count).map {
            Array(self[$0..<Swift.min($0 + count, self.count)])
        }
    }
}
