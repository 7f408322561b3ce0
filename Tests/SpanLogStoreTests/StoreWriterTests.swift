import Dispatch
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

@Suite(.scratchDirectory) struct StoreWriterTests {
    private let store = Scratch.path("store")

    @Test func `what was flushed is readable and exact`() async throws {
        let writer = try StoreWriter(store)
        var random = RandomSpans(seed: 1)
        var expected: [[UInt8]] = []
        for count in [1, 0, 20, 3] {
            for span in random.next(count) {
                writer.append(span)
                expected.append(span.encoded())
            }
            #expect(await writer.flush() == nil)
            #expect(try StoredContent(store).spans == expected)
        }
        let content = try StoredContent(store)
        #expect(content.sequences == [0, 1, 2])
        #expect(content.headers.allSatisfy { $0.recorderID == .testing(1) })
        #expect(content.damages.isEmpty)
        #expect(await writer.shutdown() == nil)
        #expect(try StoredContent(store).sequences == [0, 1, 2])
    }

    @Test func `a block knows its spans' times, its boot and the clocks`() async throws {
        let before = Clocks.realtime()
        let writer = try StoreWriter(store)
        writer.append([1], start: 30, end: 40)
        writer.append([2], start: 20, end: 25)
        writer.append([3], start: 35, end: 90)
        #expect(await writer.shutdown() == nil)
        let header = try #require(try StoredContent(store).headers.first)
        #expect(header.spanCount == 3)
        #expect(header.earliestNanoseconds == 20)
        #expect(header.latestNanoseconds == 90)
        #expect(header.anchor.bootID == Clocks.bootID())
        #expect((before...Clocks.realtime()).contains(header.anchor.realtimeNanoseconds))
        #expect(header.anchor.boottimeNanoseconds <= Clocks.boottime())
        #expect(header.storedByteCount == header.payloadByteCount)
    }

    @Test func `a flush before any span succeeds and writes nothing`() async throws {
        let writer = try StoreWriter(store)
        #expect(await writer.flush() == nil)
        #expect(await writer.shutdown() == nil)
        #expect(try StoreDirectory(path: store).entries() == ["spanlog-store"])
    }

    @Test func `spans reach the disk when the interval has passed`() async throws {
        var options = StoreWriter.Options()
        options.flushIntervalNanoseconds = 1_000_000
        let writer = try StoreWriter(store, options: options)
        writer.append([1], start: 1, end: 1)
        // Nothing tells when a writer has written by itself.
        let deadline = ContinuousClock.now + .seconds(30)
        while try StoredContent(store).spans.isEmpty, .now < deadline { await Task.yield() }
        #expect(try StoredContent(store).spans == [[1]])
        #expect(await writer.shutdown() == nil)
    }

    @Test func `a full block is written without waiting for the interval`() async throws {
        var options = StoreWriter.Options.forTesting
        options.spool.chunkByteCount = 4096
        let writer = try StoreWriter(store, options: options)
        for _ in 0..<10 { writer.append([UInt8](repeating: 1, count: 900), start: 1, end: 1) }
        let deadline = ContinuousClock.now + .seconds(30)
        func segments() throws -> [String] { try Store(store).segmentPaths }
        while try segments().first.map({ try SegmentReader($0).locations.count }) ?? 0 < 2,
            .now < deadline
        {
            await Task.yield()
        }
        #expect(await writer.shutdown() == nil)
        #expect(try StoredContent(store).headers.map(\.spanCount) == [4, 4, 2])
    }

    @Test(arguments: [0, 1, UInt64.max])
    func `no interval is too short or too long`(nanoseconds: UInt64) async throws {
        var options = StoreWriter.Options()
        options.flushIntervalNanoseconds = nanoseconds
        let writer = try StoreWriter(store, options: options)
        writer.append([1], start: 1, end: 1)
        #expect(await writer.flush() == nil)
        writer.append([2], start: 1, end: 1)
        #expect(await writer.shutdown() == nil)
        #expect(try StoredContent(store).spans == [[1], [2]])
    }

    @Test func `many threads lose nothing`() async throws {
        let (threadCount, spanCount) = (8, 2000)
        var options = StoreWriter.Options()
        options.spool.chunkByteCount = 16 << 10
        options.flushIntervalNanoseconds = 1_000_000
        let writer = try StoreWriter(store, options: options)
        await concurrently(threadCount) { thread in
            for number in 0..<spanCount {
                var span = [UInt8(thread)] + UInt16(number).bigEndianBytes
                span += [UInt8](repeating: 7, count: number % 5)
                writer.append(span, start: 1, end: 2)
                if number % 500 == 0 { writer.flush { _ in } }
            }
        }
        #expect(await writer.shutdown() == nil)
        #expect(writer.drops == DropCounters())

        let content = try StoredContent(store)
        #expect(content.sequences == Array(0..<UInt64(content.sequences.count)))
        var seen: Set<[UInt8]> = []
        for span in content.spans {
            let number = Int(span[1]) << 8 | Int(span[2])
            #expect(span.count == 3 + number % 5)
            #expect(seen.insert(Array(span.prefix(3))).inserted, "a span is there twice")
        }
        #expect(seen.count == threadCount * spanCount)
    }

    @Test func `several writers make and fill one directory at once`() async throws {
        let path = store
        await concurrently(8) { number in
            do {
                let writer = try StoreWriter(path, recorder: UInt8(1 + number))
                for span in 0..<200 { writer.append([UInt8(span)], start: 1, end: 2) }
                let isDone = DispatchSemaphore(value: 0)
                writer.shutdown { error in
                    if let error { Issue.record(error) }
                    isDone.signal()
                }
                isDone.wait()
            } catch {
                Issue.record(error)
            }
        }
        let report = StoreReport(try Store(path))
        #expect(report.isSound)
        #expect(report.recorders.map(\.spanCount) == [UInt64](repeating: 200, count: 8))
        #expect(Set(report.recorders.map(\.id)).count == 8)
    }

    @Test(arguments: [1, 30])
    func `spans larger than a block, and than a segment, are kept whole`(
        segmentMegabytes: Int
    ) async throws {
        var options = StoreWriter.Options.forTesting
        options.segmentBytesMax = segmentMegabytes << 20
        let writer = try StoreWriter(store, options: options)
        let spans = (0..<4).map { [UInt8](repeating: UInt8($0), count: $0 == 1 ? 5 : 16 << 20) }
        for span in spans { writer.append(span, start: 1, end: 2) }
        #expect(await writer.shutdown() == nil)
        #expect(writer.drops == DropCounters())
        let content = try StoredContent(store)
        // Small spans gather while large ones go their own way. An expectation would describe
        // 48 MiB if they differed.
        #expect((Set(content.spans) == Set(spans)) == true)
        #expect(content.damages.isEmpty)
    }
}
