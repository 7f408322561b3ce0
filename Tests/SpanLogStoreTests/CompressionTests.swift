import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

@Suite(.scratchDirectory) struct CompressionTests {
    private let store = Scratch.path("store")

    private func record(
        _ spans: [[UInt8]], to path: String, isCompressing: Bool = true
    ) async throws {
        var options = StoreWriter.Options.forTesting
        options.isCompressing = isCompressing
        let writer = try StoreWriter(path, options: options)
        for span in spans { writer.append(span, start: 1, end: 2) }
        #expect(await writer.shutdown() == nil)
    }

    @Test func `spans are smaller on disk and read back as they were`() async throws {
        var random = RandomSpans(seed: 1)
        let spans = random.next(400).map { $0.encoded() }
        let plain = Scratch.path("plain")
        try await record(spans, to: store)
        try await record(spans, to: plain, isCompressing: false)
        let (small, large) = (try StoredContent(store), try StoredContent(plain))
        #expect(small.spans == spans && large.spans == spans)
        let (header, other) = (try #require(small.headers.first), try #require(large.headers.first))
        #expect(header.codec == .zstd && other.codec == .none)
        #expect(header.storedByteCount < header.payloadByteCount / 2)
        #expect(header.payloadByteCount == other.payloadByteCount)
        #expect(StoreReport(try Store(store)).byteCount < StoreReport(try Store(plain)).byteCount)
    }

    @Test func `a block that would take as many pages is stored as it is`() async throws {
        var generator = SeededGenerator(seed: 1)
        let spans = [generator.bytes(count: 100_000)]
        try await record(spans, to: store)
        let content = try StoredContent(store)
        #expect(content.spans == spans)
        #expect(content.headers.map(\.codec) == [.none])
    }

    @Test func `a large span is compressed by the writer, not by who ends it`() async throws {
        let hang = Hang()
        let disk = FailingDisk(store: store)
        var options = StoreWriter.Options.forTesting
        options.spool.chunkByteCount = 4096
        let writer = try StoreWriter(store, options: options, onFailure: hang.onFailure)
        // The writer is held up, so that the file stays as the span's own thread has made it.
        try disk.breakDown()
        writer.append([1], start: 1, end: 2)
        writer.flush { _ in }
        hang.waitUntilItBegins()
        try disk.repair()
        var generator = SeededGenerator(seed: 1)
        let span = generator.bytes(count: 20).flatMap { [UInt8](repeating: $0, count: 999) }
        writer.append(span, start: 1, end: 2)
        let path = try #require(try Store(store).blockPaths.first)
        #expect(try Block.read(path).header.codec == .none)
        hang.end()
        #expect(await writer.shutdown() == nil)
        let content = try StoredContent(store)
        #expect(content.spans.last == span)
        #expect(content.headers.last?.codec == .zstd)
    }

    @Test func `a payload that shrinks beyond what readers accept is stored as it is`()
        async throws
    {
        let spans = [[UInt8](repeating: 1, count: 16 << 20)]
        try await record(spans, to: store)
        let content = try StoredContent(store)
        #expect((content.spans == spans) == true)
        #expect(content.headers.map(\.codec) == [.none])
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `a forged frame is an error or some content of the length that it claims`(
        seed: UInt64
    ) throws {
        let block = Self.compressedBlock()
        let header = try BlockHeader(decoding: block[...])
        let frame = BlockHeader.byteCount..<BlockHeader.byteCount + Int(header.storedByteCount)
        var generator = SeededGenerator(seed: seed)
        var errorCount = 0
        for _ in 0..<250 {
            var bytes = block
            for _ in 0...generator.below(16) {
                let offset = frame.lowerBound + generator.below(frame.count)
                bytes[offset] ^= 1 << UInt8(generator.below(8))
            }
            do {
                let block = try Block(checking: Self.resealed(bytes), key: Self.key)
                #expect(block.payload.count == Int(header.payloadByteCount))
            } catch {
                errorCount += 1
            }
        }
        #expect(errorCount > 50)
    }

    @Test func `a length other than the frame's is refused before anything is allocated`() throws {
        let block = Self.compressedBlock()
        let header = try BlockHeader(decoding: block[...])
        let frame = Array(
            block[BlockHeader.byteCount..<BlockHeader.byteCount + Int(header.storedByteCount)])
        let (stored, payload) = (header.storedByteCount, header.payloadByteCount)
        func read(_ frame: [UInt8], payload: UInt64) throws {
            var header = header
            header.storedByteCount = UInt64(frame.count)
            header.payloadByteCount = payload
            _ = try Block(checking: Block.sealed(header, payload: [frame]), key: Self.key)
        }
        try read(frame, payload: payload)
        let wrong: [UInt64] = [
            0, 1, payload - 1, payload + 1, stored * 1024 + 1023, stored * 1024 + 1024, 1 << 31,
            (1 << 31) + 1, .max,
        ]
        for wrong in wrong { #expect(throws: FormatError.self) { try read(frame, payload: wrong) } }
        for frame in [frame + [0], frame + frame, Array(frame.dropLast()), [], [0x28, 0xB5]] {
            #expect(throws: FormatError.self) { try read(frame, payload: payload) }
        }
    }

    private static let key = UInt64(0).bigEndianBytes

    private static func compressedBlock() -> [UInt8] {
        var random = RandomSpans(seed: 1)
        let block = CraftedBlock(random.next(50)).bytes
        var compressor = BlockCompressor()
        return compressor?.compressed(block) ?? block
    }

    /// The same bytes behind a checksum that is right.
    private static func resealed(_ block: [UInt8]) throws -> [UInt8] {
        let header = try BlockHeader(decoding: block[...])
        let frame = BlockHeader.byteCount..<BlockHeader.byteCount + Int(header.storedByteCount)
        return Block.sealed(header, payload: [block[frame]])
    }
}
