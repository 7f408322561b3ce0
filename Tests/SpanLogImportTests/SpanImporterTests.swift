import SpanLogFormat
import SpanLogImport
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

@Suite(.scratchDirectory) struct SpanImporterTests {
    private let store = Scratch.path("store")

    @Test func `what is acknowledged is in the store, byte for byte`() async throws {
        let importer = try SpanImporter(store: store)
        var random = RandomSpans(seed: 3)
        let spans = random.next(200).map { $0.encoded() }
        let request = Request(service: "planner", spans)
        let receipt = try await importer.append(request.bytes, clock: .thisHost)
        #expect(receipt.spanCount == 200 && receipt.rejections.isEmpty)

        // The importer lives, and nothing was flushed.
        var payloads: [[UInt8]] = []
        let damages = try Store(store).forEachBlock { block, _ in
            payloads.append(Array(block.bytes[block.payload]))
        }
        #expect(damages.isEmpty && payloads == [request.bytes])
        await importer.shutdown()
    }

    @Test func `each resource is a recorder of its own, and its blocks have no gap`()
        async throws
    {
        let importer = try SpanImporter(store: store)
        for round in 0..<UInt64(5) {
            var request = Request(service: "planner", [.span(10 + round)])
            request.add(service: "coder", [SpanRecord.span(20 + round).encoded()])
            request.add(service: "planner", [SpanRecord.span(30 + round).encoded()])
            #expect(try await importer.append(request.bytes, clock: .thisHost).spanCount == 3)
        }
        let report = StoreReport(try Store(store))
        #expect(report.isSound)
        #expect(Set(report.recorders.map(\.service)) == ["planner", "coder"])
        #expect(report.recorders.map(\.spanCount).sorted() == [5, 10])
        #expect(report.recorders.map(\.blockCount) == [5, 5])
        #expect(report.recorders.map(\.isRunning) == [true, true])
        #expect(Set(report.recorders.map(\.bootID)) == [Hexadecimal.string(Clocks.bootID())])

        await importer.shutdown()
        let after = StoreReport(try Store(store))
        #expect(after.isSound && !after.recorders.contains(where: \.isRunning))
    }

    @Test func `spans that were stamped elsewhere say nothing about this host's clock`()
        async throws
    {
        let importer = try SpanImporter(store: store)
        let request = Request(service: "planner", [SpanRecord.span(1)])
        _ = try await importer.append(request.bytes, clock: .unknown)
        _ = try await importer.append(request.bytes, clock: .thisHost)
        await importer.shutdown()
        let boots = StoreReport(try Store(store)).recorders.map(\.bootID)
        let unknown = String(repeating: "0", count: 32)
        #expect(Set(boots) == [unknown, Hexadecimal.string(Clocks.bootID())])
    }

    @Test func `concurrent requests are all stored, and share transactions`() async throws {
        let importer = try SpanImporter(store: store)
        try await withThrowingTaskGroup { group in
            for number in UInt64(1)...200 {
                group.addTask {
                    let request = Request(
                        service: "service \(number % 3)", [SpanRecord.span(number)])
                    let receipt = try await importer.append(request.bytes, clock: .thisHost)
                    #expect(receipt.spanCount == 1)
                }
            }
            try await group.waitForAll()
        }
        await importer.shutdown()
        let report = StoreReport(try Store(store))
        #expect(report.isSound)
        #expect(report.recorders.count == 3)
        #expect(report.recorders.reduce(0) { $0 + $1.spanCount } == 200)
        #expect(report.recorders.reduce(0) { $0 + $1.blockCount } < 150)
    }

    @Test func `after the shutdown nothing is taken`() async throws {
        let importer = try SpanImporter(store: store)
        await importer.shutdown()
        let request = Request(service: "planner", [SpanRecord.span(1)])
        await #expect {
            _ = try await importer.append(request.bytes, clock: .thisHost)
        } throws: {
            ($0 as? ImportError)?.code == .closed
        }
        await importer.shutdown()
        #expect(StoreReport(try Store(store)).recorders.isEmpty)
    }
}
