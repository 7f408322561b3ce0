import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport
import SpanLogTesting
import Testing

@testable import SpanLogMerge

/// Each row of the table of rules in Merging.md.
@Suite(.scratchDirectory) struct JoinRuleTests {
    private let id = TraceID(high: 0, low: 7)

    private func spans(_ merged: Merged) throws -> [ArchivedSpan] {
        try #require(try merged.archive.trace(id)).spans
    }

    @Test func `what one recorder said of one span is joined, whatever the order`() throws {
        var begin = SpanRecord.span(1, parent: 9, start: 50, name: "begin")
        begin.endNanoseconds = 0
        begin.kind = .client
        begin.attributes = [Attribute("a", .int(1)), Attribute("b", .int(1))]
        begin.events = [.init(name: "sent", nanoseconds: 60)]
        begin.droppedEventsCount = 3
        var end = SpanRecord.span(1, start: 100, name: "end")
        end.kind = .server
        end.endNanoseconds = 400
        end.attributes = [Attribute("b", .int(2)), Attribute("c", .int(1))]
        end.status = .init(code: .error, message: "late")
        end.events = [.init(name: "sent", nanoseconds: 60), .init(name: "got", nanoseconds: 90)]
        var late = SpanRecord.span(1, start: 90, name: "late")
        late.endNanoseconds = 300
        late.status = .init(code: .ok)
        late.attributes = [Attribute("b", .int(3))]
        let blocks = [
            CraftedBlock(sequence: 0, [begin]), CraftedBlock(sequence: 1, [late]),
            CraftedBlock(sequence: 2, [end]),
        ]
        let merged = try Merged(blocks)
        #expect(merged.report.accounting.joined == 2 && merged.report.accounting.isBalanced)
        let span = try #require(try spans(merged).first).record
        #expect(span.name == "end" && span.kind == .server)
        #expect(span.startNanoseconds == 50 && span.endNanoseconds == 400)
        #expect(span.parentSpanID == SpanID(9) && span.status.code == .ok)
        #expect(span.droppedEventsCount == 3)
        #expect(span.events.map(\.name) == ["sent", "got"])
        #expect(
            span.attributes == [
                Attribute("b", .int(2)), Attribute("c", .int(1)),
                Attribute("conflict.b", .int(3)), Attribute("a", .int(1)),
                Attribute("conflict.b.2", .int(1)),
            ])
        for (number, order) in [[2, 1, 0], [1, 0, 2]].enumerated() {
            let paths = order.map { Scratch.path("\(number) \($0)") }
            for (index, path) in zip(order, paths) {
                try Merged.write([blocks[index]], toStore: path)
            }
            let other = try Merged(paths, to: "\(number)")
            #expect(other.report.digest == merged.report.digest)
        }
    }

    @Test func `the sign of life of an open span is gone once its end is known`() throws {
        var open = SpanRecord.span(1)
        open.endNanoseconds = 0
        open.attributes = [Attribute(AttributeKey.lastSeen, .int(5))]
        let alone = try Merged([CraftedBlock([open])], to: "open")
        #expect(alone.report.traces.unfinished == 1)
        #expect(try spans(alone).first?.record.attributes.count == 1)
        let both = try Merged([CraftedBlock([open]), CraftedBlock(sequence: 1, [.span(1)])])
        #expect(both.report.traces.unfinished == 0)
        #expect(try spans(both).first?.record.attributes.isEmpty == true)
    }

    @Test(arguments: [(SpanRecord.Kind.client, SpanRecord.Kind.server), (.producer, .consumer)])
    func `halves of a call that share an identifier become parent and child`(
        caller: SpanRecord.Kind, callee: SpanRecord.Kind
    ) throws {
        var client = SpanRecord.span(2, parent: 1, start: 110, name: "call")
        client.kind = caller
        var server = SpanRecord.span(2, parent: 1, start: 105, name: "answer")
        server.kind = callee
        let merged = try Merged([
            CraftedBlock(recorder: 1, [.span(1), client, .span(3, parent: 2, start: 120)]),
            CraftedBlock(recorder: 2, [server, .span(4, parent: 2, start: 130)]),
        ])
        let traces = merged.report.traces
        #expect(traces.sharedSplits == 1 && traces.collisions == 0 && traces.sharedIDs == 1)
        #expect(traces.whole == 1)
        let all = try spans(merged)
        let answer = try #require(all.first { $0.record.name == "answer" }).record
        let content =
            Array("share".utf8) + id.bytes + SpanID(2).bytes + RecorderID.testing(2).bytes
            + [callee.rawValue]
        #expect(answer.spanID.bytes == Array(SHA256.hash(content).prefix(8)))
        #expect(answer.parentSpanID == SpanID(2))
        #expect(answer.attributes.text(for: AttributeKey.originalSpanID) == SpanID(2).description)
        #expect(all.first { $0.record.name == "span 3" }?.record.parentSpanID == SpanID(2))
        let moved = try #require(all.first { $0.record.name == "span 4" }).record
        #expect(moved.parentSpanID == answer.spanID)
        #expect(
            moved.attributes.text(for: AttributeKey.originalParentSpanID) == SpanID(2).description)
    }

    @Test func `other spans that share an identifier are kept apart`() throws {
        let merged = try Merged([
            CraftedBlock(recorder: 1, [.span(1, name: "a")]),
            CraftedBlock(recorder: 2, [.span(1, name: "b"), .span(5, parent: 1, name: "below b")]),
        ])
        let traces = merged.report.traces
        #expect(traces.collisions == 1 && traces.sharedSplits == 0 && traces.multiRoot == 1)
        let all = try spans(merged)
        let other = try #require(all.first { $0.record.name == "b" }).record
        #expect(all.first { $0.record.name == "a" }?.record.spanID == SpanID(1))
        #expect(other.spanID != SpanID(1) && other.parentSpanID == nil)
        #expect(
            all.first { $0.record.name == "below b" }?.record.parentSpanID == other.spanID)
    }

    @Test(arguments: [false, true])
    func `a trace id of 64 bits joins the one of 128 bits only if asked to`(
        isMatching: Bool
    ) throws {
        let long = TraceID(high: 3, low: 7)
        let root = SpanRecord(
            traceID: long, spanID: SpanID(1), name: "root", startNanoseconds: 1, endNanoseconds: 9)
        let store = Scratch.path("store")
        var short = CraftedBlock(sequence: 1, [])
        // Eight bytes instead of sixteen.
        var child = ProtobufWriter()
        child.data(OTLPField.Span.traceID, TraceID(high: 0, low: 7).bytes.suffix(8))
        child.bytes += SpanRecord.span(2, parent: 1, start: 5).encoded().dropFirst(18)
        short.spans = [child.bytes]
        try Merged.write([CraftedBlock([root]), short], toStore: store)
        var options = Merge.Options()
        options.matchesLow64 = isMatching
        let path = Scratch.path("archive")
        let report = try Merge(stores: [try Store(store)], options: options).write(to: path)
        let archive = try ArchiveReader(path)
        #expect(report.traces.total == (isMatching ? 1 : 2))
        #expect(report.traces.tid64Joined == (isMatching ? 1 : 0))
        let trace = try #require(try archive.trace(isMatching ? long : id))
        #expect(trace.spans.count == (isMatching ? 2 : 1))
        #expect(trace.spans.allSatisfy { $0.record.traceID == trace.id })
    }

    @Test func `a cycle is cut at the member that started first`() throws {
        let merged = try Merged([
            CraftedBlock([
                .span(1, parent: 3, start: 300), .span(2, parent: 1, start: 100),
                .span(3, parent: 2, start: 200), .span(4, parent: 3, start: 50),
                .span(5, parent: 5, start: 60),
            ])
        ])
        #expect(merged.report.traces.cycles == 2 && merged.report.traces.multiRoot == 1)
        #expect(
            try SpanTree(spans(merged).map(\.record)).description == """
                span 5
                span 2
                  span 3
                    span 4
                    span 1
                """)
        let cut = try #require(try spans(merged).first { $0.record.spanID == SpanID(2) }).record
        #expect(
            cut.attributes.text(for: AttributeKey.cycleParentSpanID) == SpanID(1).description)
    }

    @Test func `links are counted once, and those that lead nowhere`() throws {
        var span = SpanRecord.span(1)
        span.links = [
            .init(traceID: TraceID(high: 0, low: 8), spanID: SpanID(2)),
            .init(traceID: TraceID(high: 0, low: 8), spanID: SpanID(3)),
            .init(traceID: TraceID(high: 1, low: 8), spanID: SpanID(2)),
            .init(traceID: TraceID(high: 0, low: 99), spanID: SpanID(2)),
        ]
        let merged = try Merged([
            CraftedBlock(recorder: 1, [span]), CraftedBlock(recorder: 2, [span]),
            CraftedBlock(recorder: 3, [.span(2, trace: 8)]),
        ])
        #expect(merged.report.links.total == 4 && merged.report.links.unresolved == 3)
        #expect(merged.report.accounting.identical == 1 && merged.report.traces.total == 2)
    }

    @Test func `orphans are told apart by what is known of their parents`() throws {
        func orphan(_ id: UInt64, isRemote: Bool?, isSampled: Bool = true) -> SpanRecord {
            var span = SpanRecord.span(id, parent: 99)
            if let isRemote {
                span.flags = SpanRecord.parentRemoteKnown | (isSampled ? 1 : 0)
                if isRemote { span.flags |= SpanRecord.parentRemote }
            }
            return span
        }
        var dropping = CraftedBlock(recorder: 2, [orphan(3, isRemote: false)])
        dropping.drops.bufferFull = 1
        var full = CraftedBlock(recorder: 4, [orphan(6, isRemote: false)])
        full.drops.openTableFull = 1
        let merged = try Merged([
            CraftedBlock(recorder: 1, [orphan(1, isRemote: false)]), dropping,
            CraftedBlock(recorder: 3, [orphan(5, isRemote: true, isSampled: false)]), full,
            CraftedBlock(recorder: 5, [orphan(7, isRemote: true)]),
        ])
        #expect(merged.report.orphans.unexplained == 1)
        // One had a local parent in a recorder with drops, one a remote parent that may be there.
        #expect(merged.report.orphans.gapOrDrop == 2)
        #expect(merged.report.orphans.notSampled == 1)
        #expect(merged.report.orphans.unfinished == 1)
        let sound = try Merged([CraftedBlock([orphan(7, isRemote: true)])], to: "sound")
        #expect(sound.report.orphans.storeNotGiven == 1)
        let gap = try Merged(
            [
                CraftedBlock(recorder: 1, sequence: 5, [.span(20)]),
                CraftedBlock(recorder: 2, [orphan(7, isRemote: true)]),
            ], to: "gap")
        #expect(gap.report.recorders.map(\.missingBlockCount).max() == 5)
    }

    @Test func `services that were called and have no store are named`() throws {
        func call(_ id: UInt64, _ attributes: [Attribute]) -> SpanRecord {
            var span = SpanRecord.span(id, parent: 1, start: 100 + id)
            span.kind = .client
            span.attributes = attributes
            return span
        }
        var answer = SpanRecord.span(10, parent: 2, start: 200)
        answer.kind = .server
        let merged = try Merged([
            CraftedBlock(
                recorder: 1,
                [
                    .span(1), call(2, [Attribute("peer.service", .string("answered"))]),
                    call(3, [Attribute("peer.service", .string("billing"))]),
                    call(4, [Attribute("peer.service", .string("billing"))]),
                    call(
                        5,
                        [
                            Attribute("server.address", .string("10.0.0.7")),
                            Attribute("server.port", .int(8080)),
                        ]),
                    call(6, [Attribute("url.full", .string("https://u:p@api.test:1/x?y"))]),
                    call(
                        7,
                        [
                            Attribute("db.system", .string("sqlite")),
                            Attribute("server.address", .string("db")),
                        ]),
                    call(8, [Attribute("peer.service", .string("test"))]), call(9, []),
                ]),
            CraftedBlock(recorder: 2, [answer]),
        ])
        #expect(
            merged.report.missingServices == [
                .init(name: "billing", callCount: 2), .init(name: "10.0.0.7:8080", callCount: 1),
                .init(name: "api.test:1", callCount: 1),
            ])
    }

    @Test func `SHA-256 is what the standard says`() {
        func digits(_ text: String) -> String { Hexadecimal.string(SHA256.hash(Array(text.utf8))) }
        #expect(
            digits("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            digits("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            digits(String(repeating: "a", count: 1000))
                == "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3")
    }
}
