import SpanLogFormat
import SpanLogImport
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge
@testable import SpanLogStore

@Suite(.scratchDirectory) struct ImportedClocksTests {
    private let store = Scratch.path("store")

    @Test func `received blocks are anchors of this boot, and do not tell when their spans ended`()
        async throws
    {
        let importer = try SpanImporter(store: store)
        for number in UInt64(1)...3 {
            let request = Request(service: "a", [SpanRecord.span(number)])
            _ = try await importer.append(request.bytes, clock: .thisHost)
        }
        await importer.shutdown()
        var sources = ClockSources()
        var headers: [BlockHeader] = []
        _ = try Store(store).forEachBlock { block, _ in
            headers.append(block.header)
            sources.add(block.header, holdsOpenSpans: false)
        }
        #expect(headers.count == 3 && headers.map(\.isReceived) == [true, true, true])
        let boot = try #require(ClockDomain(bootID: Clocks.bootID()))
        #expect(sources.anchors[boot]?.readings.isEmpty == false)
        let recorder = UInt128(bigEndianBytes: headers[0].recorderID.bytes)
        #expect((1...3).allSatisfy { sources.seals.seal(recorder, $0) == nil })
    }

    @Test func `instances of another host are clock domains of their own`() async throws {
        let importer = try SpanImporter(store: store)
        for service in ["a", "b"] {
            let request = Request(
                service: service, [SpanRecord.span(service == "a" ? 1 : 2, start: 1 << 60)])
            _ = try await importer.append(request.bytes, clock: .unknown)
        }
        await importer.shutdown()
        let archive = Scratch.path("archive")
        let report = try Merge(stores: [try Store(store)]).write(to: archive)
        #expect(report.accounting.spansOut == 2)
        let domains = try ArchiveReader(archive).corrections.domains.map(\.domain.name)
        #expect(domains.count == 2 && domains.allSatisfy { $0.hasPrefix("instance:") })
    }
}
