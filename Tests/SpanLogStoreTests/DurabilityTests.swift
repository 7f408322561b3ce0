import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

@Suite(.scratchDirectory, .timeLimit(.minutes(10))) struct DurabilityTests {
    private let store = Scratch.path("store")

    private func options(_ durability: Durability) -> StoreWriter.Options {
        var options = StoreWriter.Options()
        options.flushIntervalNanoseconds = 1_000_000
        options.durability = durability
        options.spool.chunkByteCount = 4096
        options.spool.chunkCount = 16
        return options
    }

    /// Of 16 chunks, 4 may be full, and each has room for 4 of these.
    private static let span = [UInt8](repeating: 7, count: 900)

    @Test(arguments: [Durability.interval(nanoseconds: .max), .system])
    func `spans gather in the spool until a quarter of it is full`(
        durability: Durability
    ) async throws {
        let writer = try StoreWriter(store, options: options(durability))
        for count in 1...16 {
            writer.append(Self.span, start: 1, end: 2)
            #expect(try StoredContent(store).spans.count == count)
        }
        #expect(try Store(store).segmentPaths.isEmpty)
        for _ in 0..<16 { writer.append(Self.span, start: 1, end: 2) }
        let deadline = ContinuousClock.now + .seconds(60)
        while try Store(store).segmentPaths.isEmpty, .now < deadline { await Task.yield() }
        #expect(try !Store(store).segmentPaths.isEmpty)
        #expect(await writer.shutdown() == nil)
        #expect(try StoredContent(store).spans.count == 32)
    }

    @Test func `an interval that has passed makes everything durable`() async throws {
        let writer = try StoreWriter(store, options: options(.interval(nanoseconds: 5_000_000)))
        writer.append(Self.span, start: 1, end: 2)
        let deadline = ContinuousClock.now + .seconds(60)
        func blocks() throws -> Int {
            try Store(store).segmentPaths.first.map { try SegmentReader($0).locations.count } ?? 0
        }
        while try blocks() == 0, .now < deadline { await Task.yield() }
        #expect(try blocks() == 1)
        #expect(await writer.shutdown() == nil)
    }

    @Test(arguments: [Durability.everyBlock, .interval(nanoseconds: .max), .system])
    func `a flush and a shutdown are durable whatever is chosen`(
        durability: Durability
    ) async throws {
        let writer = try StoreWriter(store, options: options(durability))
        for round in 1...3 {
            writer.append([UInt8(round)], start: 1, end: 2)
            #expect(await writer.flush() == nil)
            let path = try #require(try Store(store).segmentPaths.first)
            #expect(try SegmentReader(path).locations.count == round)
        }
        writer.append([4], start: 1, end: 2)
        #expect(await writer.shutdown() == nil)
        #expect(try Store(store).spoolPaths.isEmpty)
        #expect(try StoredContent(store).spans == [[1], [2], [3], [4]])
    }

    @Test func `full blocks are committed together, in order`() async throws {
        var options = options(.system)
        options.spool.chunkCount = 64
        let writer = try StoreWriter(store, options: options)
        for number in 0..<56 {
            writer.append([UInt8(number)] + Self.span, start: 1, end: 2)
        }
        #expect(await writer.flush() == nil)
        let content = try StoredContent(store)
        // A commit that comes while a chunk fills closes it early.
        #expect(content.sequences.count >= 14)
        #expect(content.sequences == Array(0..<UInt64(content.sequences.count)))
        #expect(content.spans.map { $0[0] } == Array(0..<56))
        #expect(await writer.shutdown() == nil)
    }
}
