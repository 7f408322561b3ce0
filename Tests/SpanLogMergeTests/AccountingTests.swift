import Foundation
import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge

@Suite(.scratchDirectory) struct AccountingTests {
    private let good = CraftedBlock(recorder: 9, [.span(91), .span(92, parent: 91)])

    @Test func `every sound span is in the archive`() throws {
        var random = RandomSpans(seed: 1)
        var spans = random.next(200)
        for index in spans.indices { spans[index].spanID = SpanID(UInt64(1000 + index)) }
        let merged = try Merged([
            CraftedBlock(Array(spans[..<120])), CraftedBlock(sequence: 1, Array(spans[120...])),
        ])
        let accounting = merged.report.accounting
        #expect(accounting.read == 200 && accounting.spansOut == 200 && accounting.isBalanced)
        for span in spans {
            let trace = try #require(try merged.archive.trace(span.traceID))
            #expect(trace.spans.contains { $0.record.encoded() == span.encoded() })
        }
    }

    @Test func `a store carried twice is all replicas the second time`() throws {
        let (store, copy) = (Scratch.path("a"), Scratch.path("b"))
        try Merged.write([good, CraftedBlock([.span(1)])], toStore: store)
        try FileManager.default.copyItem(atPath: store, toPath: copy)
        let accounting = try Merged([store, copy]).report.accounting
        #expect(accounting.read == 6)
        #expect(accounting.spansOut == 3)
        #expect(accounting.replica == 3)
        #expect(accounting.isBalanced)
        #expect(try Merged([store, copy], to: "both").chunks(of: "blocks").count == 2)
    }

    @Test func `a store that is named twice is read once`() throws {
        let store = Scratch.path("a")
        try Merged.write([good], toStore: store)
        let accounting = try Merged([store, store]).report.accounting
        #expect(accounting.read == 2 && accounting.replica == 0)
    }

    @Test func `a block that was tried again is a replica, whatever the clocks said`() throws {
        var again = CraftedBlock([.span(1)])
        again.drops.bufferFull = 3
        let store = Scratch.path("a")
        try CraftedBlock.write([CraftedBlock([.span(1)])], toStore: store)
        try CraftedBlock.write([again], toStore: store, segment: 1)
        let accounting = try Merged([store]).report.accounting
        #expect(accounting.replica == 1 && accounting.spansOut == 1 && accounting.isBalanced)
    }

    @Test(arguments: [false, true])
    func `two blocks that differ under one number are both kept`(isSwapped: Bool) throws {
        let names = isSwapped ? ["b", "a"] : ["a", "b"]
        for (name, span) in zip(names, [SpanRecord.span(1), .span(2)]) {
            try Merged.write([CraftedBlock([span])], toStore: Scratch.path(name))
        }
        let merged = try Merged([Scratch.path("a"), Scratch.path("b")])
        #expect(merged.report.accounting.spansOut == 2)
        #expect(merged.report.accounting.isBalanced)
        #expect(try merged.spanNames() == ["span 1", "span 2"])
    }

    @Test(arguments: ["a copy", "z copy"])
    func `a store that is carried while it grows, and again later, loses nothing`(
        name: String
    ) async throws {
        let (store, copy) = (Scratch.path("store"), Scratch.path(name))
        let writer = try StoreWriter(store)
        writer.append(.span(1))
        // The block that is gathering has its number already, and one of its two spans.
        try FileManager.default.copyItem(atPath: store, toPath: copy)
        writer.append(.span(2))
        #expect(await writer.shutdown() == nil)
        let merged = try Merged([copy, store])
        #expect(try merged.spanNames() == ["span 1", "span 2"])
        #expect(merged.report.accounting.isBalanced)
    }

    @Test func `the same span from another block is identical, and kept once`() throws {
        let merged = try Merged([
            CraftedBlock(recorder: 1, [.span(1)]),
            CraftedBlock(recorder: 1, sequence: 1, [.span(1)]),
            CraftedBlock(recorder: 2, [.span(1), .span(2)]),
        ])
        let accounting = merged.report.accounting
        #expect(accounting.read == 4 && accounting.identical == 2 && accounting.spansOut == 2)
        #expect(accounting.isBalanced)
        #expect(merged.report.traces.sharedIDs == 0)
        let spans = try #require(try merged.archive.trace(TraceID(high: 0, low: 7))).spans
        #expect(spans.map(\.recorderID) == [.testing(1), .testing(2)])
    }

    @Test(arguments: [
        "no trace id", "no span id", "no start", "end before start", "undecodable span",
    ])
    func `a record that is no valid span is set aside with its reason`(reason: String) throws {
        var bad = SpanRecord.span(1)
        switch reason {
        case "no trace id": bad = .span(1, trace: 0)
        case "no span id": bad = .span(0)
        case "no start": bad.startNanoseconds = 0
        case "end before start": bad.endNanoseconds = 99
        default: break
        }
        var block = CraftedBlock([.span(2), bad, .span(3)])
        // A name whose length reaches beyond the span.
        if reason == "undecodable span" { block.spans[1] += [42, 100] }
        let merged = try Merged([good, block])
        let accounting = merged.report.accounting
        #expect(accounting.quarantined == [reason: 1])
        #expect(accounting.read == 5 && accounting.spansOut == 4 && accounting.isBalanced)
        // The record itself is kept, as it was.
        #expect(try merged.quarantined().map(\.bytes) == [block.spans[1]])
    }

    @Test func `what a recorder said of an open span is joined with what it said later`() throws {
        var open = SpanRecord.span(1, name: "open")
        open.endNanoseconds = 0
        var longer = open
        longer.attributes = [Attribute("key", .int(1))]
        let merged = try Merged([
            CraftedBlock(recorder: 1, [open]),
            CraftedBlock(recorder: 1, sequence: 1, [longer, .span(1, name: "ended")]),
            CraftedBlock(recorder: 2, [open]), CraftedBlock(recorder: 2, sequence: 1, [longer]),
        ])
        let accounting = merged.report.accounting
        #expect(accounting.read == 5 && accounting.isBalanced)
        #expect(accounting.identical == 2 && accounting.joined == 2)
        #expect(try merged.spanNames() == ["ended"])
    }

    @Test func `a span that never ended is a span`() throws {
        var span = SpanRecord.span(1)
        span.endNanoseconds = 0
        #expect(try Merged([CraftedBlock([span])]).report.accounting.spansOut == 1)
    }

    @Test func `a block that breaks off keeps the spans before the fault`() throws {
        var block = CraftedBlock([.span(1)])
        var payload = ProtobufWriter()
        payload.message(OTLPField.TracesData.resourceSpans) { writer in
            writer.message(OTLPField.ResourceSpans.scopeSpans) { writer in
                writer.data(OTLPField.ScopeSpans.spans, block.spans[0])
            }
        }
        block.payload = payload.bytes + [10, 100]
        let merged = try Merged([good, block])
        let accounting = merged.report.accounting
        #expect(accounting.spansOut == 3 && accounting.isBalanced)
        #expect(accounting.quarantined.values.reduce(0, +) == 1)
        #expect(accounting.quarantined.keys.first?.hasPrefix("undecodable block") == true)
    }

    @Test func `a resource that cannot be decoded costs its own spans, not the merge`() throws {
        var block = CraftedBlock([.span(1), .span(2)])
        var payload = ProtobufWriter()
        payload.message(OTLPField.TracesData.resourceSpans) { writer in
            writer.data(OTLPField.ResourceSpans.resource, [10, 100] as [UInt8])
            writer.message(OTLPField.ResourceSpans.scopeSpans) { writer in
                for span in block.spans { writer.data(OTLPField.ScopeSpans.spans, span) }
            }
        }
        block.payload = payload.bytes
        let merged = try Merged([good, block])
        let accounting = merged.report.accounting
        #expect(accounting.spansOut == 2 && accounting.isBalanced)
        #expect(accounting.quarantined == ["undecodable resource": 2])
        #expect(try merged.spanNames() == ["span 91", "span 92"])
    }

    @Test(arguments: [UInt32(0), 1, 3, 1000, .max])
    func `a header that lies about its spans does not unbalance the books`(
        claimed: UInt32
    ) throws {
        var block = CraftedBlock([.span(1), .span(2)])
        block.claimedSpanCount = claimed
        let (store, copy) = (Scratch.path("a"), Scratch.path("b"))
        try Merged.write([good, block], toStore: store)
        try FileManager.default.copyItem(atPath: store, toPath: copy)
        let accounting = try Merged([store, copy]).report.accounting
        #expect(accounting.spansOut == 4)
        #expect(accounting.read == 8 && accounting.replica == 4)
        #expect(accounting.isBalanced)
    }

    @Test func `no stores' worth of spans is an archive of no traces`() throws {
        let merged = try Merged([CraftedBlock()])
        #expect(merged.report.accounting == .init())
        #expect(merged.report.accounting.isBalanced)
        #expect(try merged.archive.newestSummaries(limit: 10).isEmpty)
        #expect(try merged.archive.traceIDs().isEmpty)
        #expect(try merged.archive.trace(TraceID(high: 0, low: 7)) == nil)
    }

    @Test func `damage in a store is reported, and what is sound beside it is merged`() throws {
        let store = Scratch.path("a")
        try Merged.write([good, CraftedBlock(sequence: 2, [.span(1)])], toStore: store)
        let name = "\(RecorderID.testing(5))-0.mdb"
        try FileSystem.replaceFile("\(store)/\(name)", with: [1, 2, 3])
        let report = try Merged([store]).report
        #expect(report.accounting.spansOut == 3)
        #expect(report.damages.map(\.file).contains("\(store)/\(name)"))
        #expect(report.damages.contains { $0.reason.contains("blocks 0 to 1") })
    }

    @Test func `the archive tells what the merge counted`() throws {
        var bad = SpanRecord.span(3)
        bad.startNanoseconds = 0
        let merged = try Merged([good, CraftedBlock(sequence: 4, [.span(1, parent: 8), bad])])
        #expect(merged.archive.report.accounting == merged.report.accounting)
        #expect(merged.archive.report.traces == merged.report.traces)
        #expect(try merged.archive.report.json() == merged.report.json())
        #expect(merged.archive.spanCount == 3 && merged.archive.traceCount == 1)
    }

    @Test func `forged counts are not balanced, and do no harm`() {
        var accounting = MergeReport.Accounting()
        accounting.read = 1
        accounting.spansOut = .max
        accounting.replica = 1
        accounting.identical = 1
        accounting.quarantined = ["a": .max, "b": .max]
        #expect(!accounting.isBalanced)
    }
}
