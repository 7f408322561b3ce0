import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge

/// What depends on times, where they are read corrected.
@Suite(.scratchDirectory) struct CorrectedReadingTests {
    /// Two hosts, the second one three seconds behind, that call each other for a while.
    private static func fleet() -> Fleet {
        var fleet = Fleet([.init(), .init(ahead: -3 * Fleet.second)], seed: 1)
        for number in 0..<40 {
            fleet.trace(
                UInt64(1000 + number), through: number % 2 == 0 ? [0, 1] : [1, 0],
                at: Int64(number) * 50_000_000)
        }
        return fleet
    }

    private static func merged(
        _ change: (inout Fleet) -> Void
    ) throws -> (corrected: ArchiveReader, raw: ArchiveReader, report: MergeReport) {
        var fleet = fleet()
        change(&fleet)
        fleet.seal(until: 6 * Fleet.second)
        let merged = try Merged(fleet.blocks)
        var raw = merged.archive
        raw.readsRawTimes = true
        return (merged.archive, raw, merged.report)
    }

    private func summary(_ trace: UInt64, _ archive: ArchiveReader) throws -> TraceSummary {
        let summaries = try archive.newestSummaries(limit: 10_000)
        return try #require(summaries.first { $0.traceID.low == trace })
    }

    @Test func `a cycle over hosts is cut at the span that truly started first`() throws {
        let (corrected, raw, report) = try Self.merged { fleet in
            fleet.span(7, 102, 0, .internal, 1_000_000, 9_000_000, id: 101)
            fleet.span(7, 103, 1, .internal, 2_000_000, 8_000_000, id: 102)
            fleet.span(7, 101, 1, .internal, 3_000_000, 7_000_000, id: 103)
        }
        #expect(report.traces.cycles == 1)
        for (archive, root, parents) in [
            (corrected, UInt64(101), [101: nil, 102: 103, 103: 101] as [UInt64: UInt64?]),
            (raw, 102, [101: 102, 102: nil, 103: 101]),
        ] {
            let trace = try #require(try archive.trace(TraceID(high: 0, low: 7)))
            let found = trace.spans.map { ($0.record.spanID.value, $0.record.parentSpanID?.value) }
            #expect(Dictionary(uniqueKeysWithValues: found) == parents)
            let cut = trace.spans.filter {
                $0.record.attributes.contains { $0.key == AttributeKey.cycleParentSpanID }
            }
            #expect(cut.map(\.record.spanID.value) == [root])
        }
    }

    @Test func `the main root is the one that truly started first`() throws {
        let (corrected, raw, _) = try Self.merged { fleet in
            fleet.span(8, nil, 0, .internal, 1_000_000, 2_000_000, id: 201)
            fleet.span(8, nil, 1, .internal, 1_500_000_000, 1_600_000_000, id: 202)
        }
        #expect(try summary(8, corrected).name == "0/201")
        #expect(try summary(8, raw).name == "1/202")
        let trace = try #require(try corrected.trace(TraceID(high: 0, low: 8)))
        #expect(trace.spans.map(\.record.spanID.value) == [201, 202])
        let times = try summary(8, corrected)
        let length = times.endNanoseconds - times.startNanoseconds
        #expect((1_598_000_000...1_600_000_000).contains(length))
    }

    @Test func `a trace is called what the span says that truly started last`() throws {
        let (corrected, raw, _) = try Self.merged { fleet in
            for (id, host, start) in [(UInt64(301), 0, Int64(1_000_000)), (302, 1, 500_000_000)] {
                fleet.span(9, nil, host, .internal, start, start + 1_000, id: id) { span in
                    span.attributes = [Attribute(AttributeKey.traceName, .string("by \(id)"))]
                }
            }
        }
        #expect(try summary(9, corrected).name == "by 302")
        #expect(try summary(9, raw).name == "by 301")
    }

    @Test func `events are corrected with their span`() throws {
        let (corrected, raw, _) = try Self.merged { fleet in
            let event = fleet.wall(1, 5_000_000)
            fleet.span(10, nil, 1, .internal, 4_000_000, 6_000_000, id: 401) { span in
                span.events = [
                    .init(name: "seen", nanoseconds: event), .init(name: "never", nanoseconds: 0),
                ]
            }
        }
        for archive in [corrected, raw] {
            let trace = try #require(try archive.trace(TraceID(high: 0, low: 10)))
            let record = trace.spans[0].record
            let since = record.events[0].nanoseconds - record.startNanoseconds
            #expect((999_000...1_001_000).contains(since))
            #expect(record.events[1].nanoseconds == 0)
        }
    }

    @Test func `the newest traces are found, whatever the clocks of their hosts`() throws {
        let (corrected, raw, _) = try Self.merged { fleet in
            // More than a chunk of the index, and each host's traces lie apart in it.
            for number in 0..<2400 {
                fleet.span(
                    UInt64(2000 + number), nil, number % 2, .internal,
                    Int64(number) * 2_000_000, Int64(number) * 2_000_000 + 1_000)
            }
        }
        for archive in [corrected, raw] {
            let all = try archive.newestSummaries(limit: 10_000)
            #expect(all.map(\.startNanoseconds) == all.map(\.startNanoseconds).sorted(by: >))
            for limit in [0, 1, 50, 777] {
                let newest = try archive.newestSummaries(limit: limit)
                #expect((newest == Array(all.prefix(limit))) == true)
            }
        }
        let newest = try corrected.newestSummaries(limit: 4).map(\.traceID.low)
        #expect(newest == [4399, 4398, 4397, 4396])
    }

    @Test func `a span that the merge changed is brought to its side of a step`() throws {
        var fleet = Fleet(
            [.init(), .init(steps: [(2 * Fleet.second, -Fleet.second)])], seed: 2)
        for number in 0..<60 {
            // Zipkin's shared ids: the server's half gets an id of its own.
            let start = Int64(number) * 50_000_000 + 10_000_000
            let id = UInt64(5000 + number)
            fleet.span(
                UInt64(500 + number), nil, 0, .client, start, start + 10_000_000, id: id)
            fleet.span(
                UInt64(500 + number), nil, 1, .server, start + 200_000, start + 9_000_000, id: id)
        }
        fleet.seal(until: 4 * Fleet.second)
        let merged = try Merged(fleet.blocks)
        #expect(merged.report.traces.sharedSplits == 60)
        for trace in try merged.traces() {
            let (client, server) = (trace.spans[0], trace.spans[1])
            #expect(server.record.parentSpanID == client.record.spanID)
            #expect(server.clock?.start.ambiguityNanoseconds == 0)
            let later =
                Int64(server.record.startNanoseconds) - Int64(client.record.startNanoseconds)
            #expect((0...1_200_000).contains(later))
        }
    }
}
