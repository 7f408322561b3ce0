import SpanLogFormat
import SpanLogMerge
import SpanLogTestSupport
import SpanLogTesting
import Testing

@Suite(.scratchDirectory) struct ShapeTests {
    private let id = TraceID(high: 0, low: 7)

    private func tree(_ merged: Merged) throws -> String {
        SpanTree(try #require(try merged.archive.trace(id)).spans.map(\.record)).description
    }

    @Test func `spans of several services become one whole trace`() throws {
        var blocks = [
            CraftedBlock(recorder: 1, [.span(1, name: "plan"), .span(2, parent: 1, start: 110)]),
            CraftedBlock(recorder: 2, [.span(3, parent: 2, start: 120, name: "search")]),
            CraftedBlock(recorder: 3, [.span(4, parent: 1, start: 130, name: "write")]),
        ]
        for (index, name) in ["planner", "researcher", "coder"].enumerated() {
            blocks[index].service = name
        }
        let merged = try Merged(blocks)
        #expect(
            try tree(merged) == """
                plan
                  span 2
                    search
                  write
                """)
        let summary = try #require(try merged.archive.newestSummaries(limit: 1).first)
        #expect(summary.isWhole && summary.name == "plan" && summary.spanCount == 4)
        #expect(summary.services == ["coder", "planner", "researcher"])
        #expect(summary.startNanoseconds == 100 && summary.endNanoseconds == 131)
        let traces = merged.report.traces
        #expect(traces.total == 1 && traces.whole == 1)
        #expect(traces.multiRoot == 0 && traces.headless == 0 && traces.orphans == 0)
        let spans = try #require(try merged.archive.trace(id)).spans
        #expect(
            spans.map { $0.resource.serviceName } == ["planner", "planner", "researcher", "coder"])
    }

    @Test func `orphans are counted, and their missing parents once each`() throws {
        let merged = try Merged([
            CraftedBlock([
                .span(1), .span(2, parent: 50, start: 101), .span(3, parent: 50, start: 102),
                .span(4, parent: 60, start: 103), .span(5, parent: 4, start: 104),
            ])
        ])
        let traces = merged.report.traces
        #expect(traces.orphans == 3 && traces.missingParents == 2)
        #expect(traces.total == 1 && traces.whole == 0 && traces.multiRoot == 0)
        #expect(
            try tree(merged) == """
                span 1
                orphan of 0000000000000032: span 2
                orphan of 0000000000000032: span 3
                orphan of 000000000000003c: span 4
                  span 5
                """)
    }

    @Test func `several roots and none are counted`() throws {
        let merged = try Merged([
            CraftedBlock([
                .span(1, trace: 1), .span(2, trace: 1), .span(3, parent: 9, trace: 2),
                .span(4, parent: 4, trace: 3), .span(5, parent: 6, trace: 4),
                .span(6, parent: 5, trace: 4), .span(7, trace: 5),
            ])
        ])
        let traces = merged.report.traces
        // Of the cycles of traces 3 and 4, one span each becomes a root.
        #expect(traces.total == 5 && traces.whole == 3 && traces.cycles == 2)
        #expect(traces.multiRoot == 1 && traces.headless == 1)
        #expect(traces.orphans == 1 && traces.missingParents == 1)
    }

    @Test func `spans that share an identifier but differ are all kept, and counted`() throws {
        let merged = try Merged([
            CraftedBlock(recorder: 1, [.span(1, name: "a"), .span(2, name: "x")]),
            CraftedBlock(recorder: 2, [.span(1, name: "b"), .span(2, name: "x")]),
            CraftedBlock(recorder: 3, [.span(1, name: "c"), .span(1, trace: 8)]),
        ])
        #expect(merged.report.traces.sharedIDs == 1)
        #expect(merged.report.accounting.identical == 1)
        #expect(merged.report.accounting.spansOut == 5)
        #expect(try merged.spanNames() == ["a", "b", "c", "span 1", "x"])
    }

    @Test(.timeLimit(.minutes(10)))
    func `a long chain, and thousands of spans under one identifier, are merged in time`() throws {
        let chain = (UInt64(1)...3000).map {
            SpanRecord.span($0, parent: $0 == 1 ? nil : $0 - 1, trace: 1, start: $0)
        }
        let twins = (UInt64(1)...3000).map { SpanRecord.span(1, trace: 2, start: $0) }
        let merged = try Merged([CraftedBlock(chain), CraftedBlock(sequence: 1, twins)])
        #expect(merged.report.accounting.spansOut == 3001)
        #expect(merged.report.accounting.joined == 2999)
        #expect(merged.report.traces.whole == 2 && merged.report.traces.sharedIDs == 0)
        let spans = try #require(try merged.archive.trace(TraceID(high: 0, low: 1))).spans
        #expect(spans.map(\.record.spanID.value) == Array(1...3000))
    }
}
