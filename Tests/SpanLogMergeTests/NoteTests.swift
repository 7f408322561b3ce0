import SpanLogFormat
import SpanLogMerge
import SpanLogTestSupport
import Testing

@Suite(.scratchDirectory) struct NoteTests {
    private let id = TraceID(high: 0, low: 7)

    @Test func `a note about a trace leaves its shape as it is`() throws {
        let blocks = [
            CraftedBlock(recorder: 1, [.span(1, name: "plan"), .span(2, parent: 1, start: 110)]),
            // One days later without a parent, and one below a span that is nowhere.
            CraftedBlock(
                recorder: 2,
                [
                    .span(3, start: 9_000_000, name: "spanlog.note"),
                    .span(4, parent: 99, start: 50, name: "spanlog.note"),
                ]),
        ]
        let merged = try Merged(blocks)
        let summary = try #require(try merged.archive.newestSummaries(limit: 1).first)
        #expect(summary.isWhole && summary.name == "plan")
        #expect(summary.startNanoseconds == 100)
        #expect(summary.endNanoseconds == 111)
        let traces = merged.report.traces
        #expect(traces.whole == 1 && traces.multiRoot == 0 && traces.orphans == 0)
        let trace = try #require(try merged.archive.trace(id))
        #expect(trace.spans.count == 4)
        #expect(trace.withoutNotes.spans.map(\.record.spanID) == [SpanID(1), SpanID(2)])
    }

    @Test func `a trace of notes alone is there, and has no root`() throws {
        let merged = try Merged([
            CraftedBlock(recorder: 1, [.span(3, start: 500, name: "spanlog.note")])
        ])
        let summary = try #require(try merged.archive.newestSummaries(limit: 1).first)
        #expect(summary.startNanoseconds == 500 && !summary.isWhole && summary.rootCount == 0)
        #expect(merged.report.traces.headless == 1)
    }

    @Test func `a name that a note gives its trace is the trace's`() throws {
        var note = SpanRecord(
            traceID: id, spanID: SpanID(3), name: "spanlog.note", startNanoseconds: 900,
            endNanoseconds: 900)
        note.attributes = [Attribute(AttributeKey.traceName, .string("late"))]
        let merged = try Merged([CraftedBlock(recorder: 1, [.span(1, name: "plan"), note])])
        #expect(try merged.archive.newestSummaries(limit: 1).first?.name == "late")
    }
}
