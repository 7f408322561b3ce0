import Dispatch
import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport
import Testing

@Suite(.scratchDirectory) struct BoundsTests {
    private let store = Scratch.path("store")

    @Test func `however much was written before, no more than the buffer holds may wait`()
        async throws
    {
        var options = StoreWriter.Options.forTesting
        options.bufferBytesMax = 10_000
        let writer = try StoreWriter(store, options: options)
        var accepted: [Int] = []
        for _ in 0..<5 {
            let before = writer.drops.bufferFull
            var count = 0
            while writer.drops.bufferFull == before, count < 20_000 {
                writer.append([1], start: 1, end: 2)
                count += 1
            }
            accepted.append(count - 1)
            #expect(await writer.flush() == nil)
        }
        #expect(Set(accepted).count == 1, "\(accepted)")
        #expect(accepted[0] > 1000 && accepted[0] <= 10_000)
        #expect(await writer.shutdown() == nil)
        let content = try StoredContent(store)
        #expect(content.spans.count == accepted.reduce(0, +))
        #expect(content.headers.last?.drops == writer.drops)
        #expect(writer.drops.bufferFull == 5)
    }

    @Test func `one span may go beyond the buffer, the next is dropped and counted`() async throws {
        var options = StoreWriter.Options.forTesting
        options.bufferBytesMax = 1000
        let writer = try StoreWriter(store, options: options)
        writer.append([UInt8](repeating: 1, count: 5000), start: 1, end: 2)
        writer.append([2], start: 1, end: 2)
        #expect(writer.drops.bufferFull == 1)
        #expect(await writer.flush() == nil)
        writer.append([3], start: 1, end: 2)
        #expect(await writer.shutdown() == nil)
        #expect(try StoredContent(store).spans.map(\.count) == [5000, 1])
    }

    @Test func `a disk that hangs holds up nobody, and what finds no room is counted`()
        async throws
    {
        let disk = FailingDisk(store: store)
        let hang = Hang()
        var options = StoreWriter.Options()
        options.flushIntervalNanoseconds = 1_000_000
        options.bufferBytesMax = 100_000
        let writer = try StoreWriter(store, options: options, onFailure: hang.onFailure)
        try disk.breakDown()
        writer.append([UInt8](repeating: 1, count: 100), start: 1, end: 2)
        hang.waitUntilItBegins()

        for _ in 0..<5000 { writer.append([UInt8](repeating: 1, count: 100), start: 1, end: 2) }
        let dropped = writer.drops.bufferFull
        #expect(dropped > 4000 && dropped < 5000)

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
        options.spanBytesMax = 100
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
        options.spanBytesMax = 10
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
        options.spanBytesMax = 10
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
