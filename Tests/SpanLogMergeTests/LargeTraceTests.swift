import Foundation
import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge

/// Traces, and partitions, that have no room in the memory that a merge may use.
@Suite(.scratchDirectory) struct LargeTraceTests {
    /// What a merge makes of the same stores with memory in plenty, and with next to none.
    private func expectSame(
        _ blocks: [CraftedBlock], matchesLow64: Bool = false
    ) throws -> MergeReport {
        let store = Scratch.path("store")
        try Merged.write(blocks, toStore: store)
        var options = Merge.Options()
        options.matchesLow64 = matchesLow64
        let plenty = try Merged([store], to: "plenty", options)
        options.memoryBytesMax = 1
        let little = try Merged([store], to: "little", options)
        #expect(little.report.temporaryByteCount > 0)
        #expect(little.report.accounting.isBalanced)
        #expect(little.report.accounting == plenty.report.accounting)
        #expect(little.report.digest == plenty.report.digest)
        #expect(little.report.traces == plenty.report.traces)
        #expect(little.report.orphans == plenty.report.orphans)
        #expect(little.report.links == plenty.report.links)
        #expect(little.report.missingServices == plenty.report.missingServices)
        #expect(
            try little.archive.newestSummaries(limit: 9) == plenty.archive.newestSummaries(limit: 9)
        )
        return little.report
    }

    private static func blocks(_ spans: [SpanRecord]) -> [CraftedBlock] {
        stride(from: 0, to: spans.count, by: 500).enumerated().map { number, start in
            CraftedBlock(
                recorder: UInt8(1 + number % 3), sequence: UInt64(number / 3),
                Array(spans[start..<min(start + 500, spans.count)]))
        }
    }

    @Test(arguments: [UInt64(1), 2])
    func `a trace of any size is joined as if it had room in memory`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var spans: [SpanRecord] = []
        for number in 0..<3000 {
            let id = UInt64(1 + generator.below(2600))
            var span = SpanRecord.span(
                id, parent: UInt64(1 + generator.below(2800)),
                start: UInt64(1 + generator.below(1000)))
            if generator.below(10) == 0 { span.parentSpanID = nil }
            if generator.below(10) == 0 { span.endNanoseconds = 0 }
            span.kind = generator.element(of: [.client, .server, .internal])
            if generator.below(50) == 0 {
                span.attributes = [Attribute("peer.service", .string("far"))]
                span.links = [.init(traceID: span.traceID, spanID: SpanID(UInt64(number)))]
            }
            spans.append(span)
        }
        spans.append(.span(0))
        spans.append(.span(5, trace: 8))
        spans += spans.prefix(100)
        let report = try expectSame(Self.blocks(spans))
        let traces = report.traces
        #expect(traces.total == 2 && traces.cycles > 0 && traces.orphans > 0)
        #expect(traces.sharedSplits > 0 && traces.collisions > 0 && report.links.unresolved > 0)
        #expect(report.accounting.joined > 0 && report.accounting.identical > 0)
        #expect(report.accounting.quarantined == ["no span id": 1])
    }

    @Test func `many traces of one partition are divided until they fit`() throws {
        var generator = SeededGenerator(seed: 3)
        var spans: [SpanRecord] = []
        for number in UInt64(0)..<3000 {
            let parent: UInt64? = number % 3 == 0 ? nil : number
            let start = UInt64(1 + generator.below(100))
            spans.append(.span(number + 1, parent: parent, trace: 1 + number / 3, start: start))
        }
        let report = try expectSame(Self.blocks(spans))
        #expect(report.traces.total == 1000 && report.traces.whole == 1000)
    }

    /// 3,000 spans, or as many as SPANLOG_SHAPE_SPANS says.
    private static let shapeSpanCount =
        ProcessInfo.processInfo.environment["SPANLOG_SHAPE_SPANS"].flatMap(UInt64.init) ?? 3000

    @Test(arguments: ["chain", "star", "cycle"])
    func `extreme shapes are joined without recursion`(shape: String) throws {
        let count = Self.shapeSpanCount
        let spans = (1...count).map { number in
            let parent: UInt64? =
                switch shape {
                case "chain": number == 1 ? nil : number - 1
                case "star": number == 1 ? nil : 1
                default: number == 1 ? count : number - 1
                }
            return SpanRecord.span(number, parent: parent, start: 1 + number % 7)
        }
        let report = try expectSame(Self.blocks(spans))
        #expect(report.traces.whole == 1 && report.traces.cycles == (shape == "cycle" ? 1 : 0))
    }

    @Test func `each cycle of a random graph of parents is cut once`() throws {
        let count = Self.shapeSpanCount
        var generator = SeededGenerator(seed: 4)
        // Where everything has a parent, each connected part has exactly one cycle.
        var parts = Array(0...Int(count))
        func part(of place: Int) -> Int {
            var place = place
            while parts[place] != place {
                parts[place] = parts[parts[place]]
                place = parts[place]
            }
            return place
        }
        let spans = (1...count).map { number in
            let parent = UInt64(1 + generator.below(Int(count)))
            parts[part(of: Int(number))] = part(of: Int(parent))
            return SpanRecord.span(number, parent: parent, start: 1 + number % 97)
        }
        let cycleCount = (1...Int(count)).count { parts[$0] == $0 }
        let report = try expectSame(Self.blocks(spans))
        #expect(report.traces.cycles == cycleCount && cycleCount > 1)
        #expect(report.accounting.spansOut == count && report.traces.multiRoot == 1)
        #expect(report.traces.orphans == 0)
    }

    @Test(arguments: [[UInt64(3)], [1, 2, 3, .max], []], [false, true])
    func `large traces that share the last half of their ids are joined apart`(
        highs: [UInt64], matchesLow64: Bool
    ) throws {
        var generator = SeededGenerator(seed: 5)
        var spans: [SpanRecord] = []
        for high in [0] + highs {
            for number in UInt64(1)...1500 {
                let parent = number == 1 ? nil : SpanID(1 + UInt64(generator.below(Int(number))))
                var span = SpanRecord.span(high &* 10_000 &+ number, start: number)
                span.traceID = TraceID(high: high, low: 7)
                span.parentSpanID = parent.map { SpanID(high &* 10_000 &+ $0.value) }
                if number % 100 == 0 {
                    span.links = [.init(traceID: TraceID(high: 3, low: 7), spanID: SpanID(number))]
                }
                spans.append(span)
            }
        }
        let isMatched = matchesLow64 && highs.count == 1
        let report = try expectSame(Self.blocks(spans), matchesLow64: matchesLow64)
        #expect(report.traces.total == (isMatched ? 1 : 1 + highs.count))
        #expect(report.traces.tid64Joined == (isMatched ? 1500 : 0))
        #expect(report.accounting.spansOut == UInt64(spans.count))
    }

    @Test func `a trace in parts is read whole`() throws {
        let spans = (UInt64(1)...17_000).map { number in
            SpanRecord.span(number, parent: number == 1 ? nil : 1, start: number)
        }
        let report = try expectSame(Self.blocks(spans))
        #expect(report.traces.large == 1)
        let archive = try ArchiveReader(Scratch.path("little"))
        let trace = try #require(try archive.trace(TraceID(high: 0, low: 7)))
        #expect((trace.spans.map(\.record) == spans) == true)
    }
}
