import Dispatch
import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport
import Testing

@Suite(.scratchDirectory) struct BoundsTests {
    private let store = Scratch.path("store")

    @Test func `a span larger than a chunk is recorded whole, and many are bounded`() async throws {
        var options = StoreWriter.Options.forTesting
        options.spool.chunkByteCount = 4096
        options.spool.spanBytesMax = 20_000
        let writer = try StoreWriter(store, options: options)
        for size in [4000, 4100, 19_000] {
            writer.append([UInt8](repeating: UInt8(size % 251), count: size), start: 1, end: 2)
            #expect(await writer.flush() == nil)
        }
        #expect(await writer.shutdown() == nil)
        #expect(writer.drops == DropCounters())
        let content = try StoredContent(store)
        #expect(content.spans.map(\.count) == [4000, 4100, 19_000])
        #expect(content.headers.map(\.sequence) == [0, 1, 2])
        #expect(try Store(store).blockPaths.isEmpty)
    }

    @Test func `a disk that hangs holds up nobody, and what finds no room is counted`()
        async throws
    {
        let disk = FailingDisk(store: store)
        let hang = Hang()
        var options = StoreWriter.Options()
        options.flushIntervalNanoseconds = 1_000_000
        options.spool.chunkByteCount = 32 << 10
        options.spool.chunkCount = 4
        let writer = try StoreWriter(store, options: options, onFailure: hang.onFailure)
        try disk.breakDown()
        writer.append([UInt8](repeating: 1, count: 100), start: 1, end: 2)
        hang.waitUntilItBegins()

        for _ in 0..<5000 { writer.append([UInt8](repeating: 1, count: 100), start: 1, end: 2) }
        let dropped = writer.drops.bufferFull
        #expect(dropped > 3700 && dropped < 4500)

        try disk.repair()
        hang.end()
        #expect(await writer.shutdown() == nil)
        #expect(writer.drops.bufferFull == dropped)
        let report = StoreReport(try Store(store))
        #expect(report.isSound)
        #expect(report.recorders.first?.spanCount == 5001 - dropped)
        #expect(report.recorders.first?.drops.bufferFull == dropped)
    }

    @Test func `a span that is too large is dropped and counted`() async throws {
        var options = StoreWriter.Options.forTesting
        options.spool.spanBytesMax = 100
        let writer = try StoreWriter(store, options: options)
        for count in [99, 100, 101, 5000] {
            writer.append([UInt8](repeating: 1, count: count), start: 1, end: 2)
        }
        #expect(writer.drops.tooLarge == 2)
        #expect(await writer.shutdown() == nil)
        let content = try StoredContent(store)
        #expect(content.spans.map(\.count) == [99, 100])
        #expect(content.headers.last?.drops.tooLarge == 2)
    }

    @Test func `drops are stored even when no span follows`() async throws {
        var options = StoreWriter.Options.forTesting
        options.spool.spanBytesMax = 10
        let writer = try StoreWriter(store, options: options)
        writer.append([1], start: 1, end: 2)
        #expect(await writer.flush() == nil)
        for _ in 0..<3 { writer.append([UInt8](repeating: 1, count: 11), start: 1, end: 2) }
        #expect(await writer.shutdown() == nil)
        let headers = try StoredContent(store).headers
        #expect(headers.map(\.sequence) == [0, 1])
        #expect(headers.map(\.spanCount) == [1, 0])
        #expect(headers.map(\.drops.tooLarge) == [0, 3])
        #expect(headers[1].earliestNanoseconds == 0 && headers[1].latestNanoseconds == 0)
        let recorder = try #require(StoreReport(try Store(store)).recorders.first)
        #expect(recorder.earliestNanoseconds == 1 && recorder.latestNanoseconds == 2)
        #expect(recorder.drops.total == 3)
    }

    @Test func `a recorder that lost everything says so in a store without spans`() async throws {
        var options = StoreWriter.Options.forTesting
        options.spool.spanBytesMax = 10
        let writer = try StoreWriter(store, options: options)
        writer.append([UInt8](repeating: 1, count: 11), start: 1, end: 2)
        #expect(await writer.shutdown() == nil)
        let recorder = try #require(StoreReport(try Store(store)).recorders.first)
        #expect(recorder.spanCount == 0)
        #expect(recorder.earliestNanoseconds == nil && recorder.latestNanoseconds == nil)
        #expect(recorder.drops.tooLarge == 1)
        #expect(recorder.service == "test")
    }
}
