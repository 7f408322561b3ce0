import Foundation
import SpanLogFormat
import SpanLogImport
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

/// What readers, retention and compaction make of segments with blocks of several recorders.
@Suite(.scratchDirectory) struct ReceivedSegmentTests {
    private let store = Scratch.path("store")

    @Test func `a block that is about to be committed is no gap of another recorder`() async throws
    {
        let importer = try SpanImporter(store: store)
        for number in UInt64(1)...5 { try await append(number, "often", to: importer) }
        try await append(6, "seldom", to: importer)
        let file = try #require(try Store(store).segmentPaths.first)
        let metaPages = try read(file).prefix(8192)
        try await append(7, "seldom", to: importer)
        try await append(8, "seldom", to: importer)

        // As if the last two were still to be committed, and the first of them not yet written.
        var bytes = try read(file)
        bytes.replaceSubrange(0..<8192, with: metaPages)
        let seldom = try #require(try recorder(of: "seldom"))
        let place = try #require(offset(of: seldom, sequence: 1, in: bytes))
        bytes.replaceSubrange(place..<place + 8, with: [UInt8](repeating: 0, count: 8))
        try overwrite(file, with: bytes)

        let report = StoreReport(try Store(store))
        #expect(report.isSound, "\(report.damages)")
        #expect(spanCounts(report) == ["often": 5, "seldom": 1])
        await importer.shutdown()
    }

    @Test func `compaction leaves a receiver that lives alone, and joins what a dead one left`()
        async throws
    {
        var importer: SpanImporter? = try SpanImporter(store: store)
        for number in UInt64(1)...3 {
            try await append(number, "a", to: importer!)
            try await append(10 + number, "b", to: importer!)
        }
        let before = try Store(store).segmentPaths
        #expect(try StoreCompactor(store).run().joinedFileCount == 0)
        #expect(try Store(store).segmentPaths == before)
        try await append(4, "a", to: importer!)
        await importer?.shutdown()
        importer = nil

        let second = try SpanImporter(store: store)
        try await append(5, "a", to: second)
        await second.shutdown()
        let compaction = try StoreCompactor(store).run()
        #expect(compaction.joinedFileCount == 2 && compaction.damages.isEmpty)
        let report = StoreReport(try Store(store))
        #expect(report.isSound)
        // The second receiver gave the resource another id.
        #expect(report.recorders.map(\.spanCount).sorted() == [1, 3, 4])
        #expect(try Store(store).segmentPaths.count == 1)
    }

    @Test func `what retention removes of a receiver is known by recorder`() async throws {
        var options = SpanImporter.Options()
        options.storeBytesMax = 5 << 20
        options.isCompressing = false
        let importer = try SpanImporter(store: store, options: options)
        for number in UInt64(1)...80 {
            var span = SpanRecord.span(number)
            span.attributes = [
                Attribute("x", .string(String(repeating: "x", count: 200_000)))
            ]
            let service = number % 2 == 0 ? "even" : "odd"
            let request = Request(service: service, [span])
            _ = try await importer.append(request.bytes, clock: .thisHost)
        }
        await importer.shutdown()
        let report = StoreReport(try Store(store))
        #expect(report.isSound, "\(report.damages)")
        #expect(report.byteCount < 9 << 20)
        #expect(report.recorders.count == 2)
        for recorder in report.recorders {
            #expect(recorder.removed.spanCount > 0)
            #expect(recorder.removed.spanCount + recorder.spanCount == 40)
        }
    }

    @Test func `a rescue keeps what was received as it was`() async throws {
        let importer = try SpanImporter(store: store)
        try await append(1, "a", to: importer)
        try await append(2, "b", to: importer)
        await importer.shutdown()
        let rescued = Scratch.path("rescued")
        let report = try StoreSalvager(store, output: rescued).run()
        #expect(report.isComplete)
        var flags: [Bool] = []
        _ = try Store(rescued).forEachBlock { block, _ in flags.append(block.header.isReceived) }
        #expect(flags == [true, true])
    }

    private func append(_ number: UInt64, _ service: String, to importer: SpanImporter) async throws
    {
        let request = Request(service: service, [SpanRecord.span(number)])
        _ = try await importer.append(request.bytes, clock: .thisHost)
    }

    private func spanCounts(_ report: StoreReport) -> [String: UInt64] {
        Dictionary(report.recorders.map { ($0.service, $0.spanCount) }, uniquingKeysWith: +)
    }

    private func recorder(of service: String) throws -> RecorderID? {
        StoreReport(try Store(store)).recorders.first { $0.service == service }
            .flatMap { RecorderID(hexadecimal: $0.id) }
    }

    private func offset(of recorder: RecorderID, sequence: UInt64, in bytes: [UInt8]) -> Int? {
        stride(from: 16, to: bytes.count - BlockHeader.byteCount, by: 4096).first { place in
            let header = try? BlockHeader(decoding: bytes[place..<place + BlockHeader.byteCount])
            return header?.recorderID == recorder && header?.sequence == sequence
        }
    }

    private func read(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path)))
    }

    /// In place: the writer has the file open.
    private func overwrite(_ path: String, with bytes: [UInt8]) throws {
        let file = try FileHandle(forUpdating: URL(filePath: path))
        try file.write(contentsOf: bytes)
        try file.close()
    }
}
