import Foundation
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

/// The limits of `Limits` that no test of their own subject checks.
@Suite(.scratchDirectory, .timeLimit(.minutes(2))) struct ReadingLimitsTests {
    @Test func `a span of more values than the limit is refused before they are made`() {
        // An empty attribute takes two bytes, and 40 in memory.
        let bytes = [UInt8]((0..<4_194_305).flatMap { _ in [9 << 3 | 2, 0] as [UInt8] })
        let error = #expect(throws: FormatError.self) { try SpanRecord(decoding: bytes) }
        #expect(error?.message.contains("4194304") == true)
        #expect(throws: SpanDefect.undecodable) {
            try ScannedSpan(scanning: bytes.span, 0..<bytes.count)
        }
    }

    @Test func `a span of many bytes in few values is none of those`() throws {
        var span = SpanRecord(
            traceID: TraceID(high: 1, low: 2), spanID: SpanID(3), name: "large",
            startNanoseconds: 1, endNanoseconds: 2)
        span.attributes = [Attribute("a", .bytes([UInt8](repeating: 7, count: 9 << 20)))]
        let bytes = span.encoded()
        #expect(try SpanRecord(decoding: bytes) == span)
        #expect(try ScannedSpan(scanning: bytes.span, 0..<bytes.count).spanID == 3)
    }

    @Test func `a resource of more than 4 MiB is refused`() throws {
        let text = String(repeating: "x", count: Resource.byteCountMax)
        let large = Resource(attributes: [Attribute("a", .string(text))]).encoded()
        #expect(throws: FormatError.self) { try Resource(decoding: large) }
        let small = Resource(attributes: [Attribute("a", .string(String(text.dropLast(100))))])
        #expect(try Resource(decoding: small.encoded()) == small)
    }

    @Test func `of a file's damages, those beyond the limit are counted`() {
        var damages = FileDamages(path: "file")
        for number in 0..<UInt64(FileDamages.countMax + 5) { damages.add("damage", at: number) }
        #expect(damages.named.count == FileDamages.countMax + 1)
        #expect(damages.named.last?.reason.contains("5 more") == true)
    }

    @Test func `stores are found down to the limit, and what is deeper is named`() throws {
        let root = Scratch.path("root")
        var path = root
        for _ in 0..<Store.depthMax { path += "/d" }
        try FileSystem.createDirectory(path)
        _ = try StoreDirectory.openForWriting("\(path)")
        #expect(try Store.find(at: root).map(\.path) == [path])
        try FileSystem.createDirectory("\(root)/e" + String(repeating: "/d", count: Store.depthMax))
        let error = #expect(throws: StoreError.self) { try Store.find(at: root) }
        #expect(error?.message.contains("64 directories deep") == true)
    }

    @Test func `a hole of a terabyte takes no time to look through`() throws {
        try CraftedBlock.write([CraftedBlock(sequence: 0)], toStore: Scratch.path("store"))
        let path = try Store(Scratch.path("store")).segmentPaths[0]
        var file = try SegmentFile(path)
        for page in file.treePages { file.zero(page: page) }
        try file.write(to: path)
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.truncate(atOffset: 1 << 40)
        try handle.close()
        var count = 0
        let time = try ContinuousClock().measure {
            _ = try Store(Scratch.path("store")).forEachBlock { _, _ in count += 1 }
        }
        #expect(count == 1 && time < .seconds(10))
    }
}
