import Foundation
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

/// A store is copied while its recorder lives: that is what a crash leaves behind.
@Suite(.scratchDirectory, .timeLimit(.minutes(10))) struct SpoolTests {
    private let store = Scratch.path("store")
    private let copy = Scratch.path("copy")

    private static var small: StoreWriter.Options {
        var options = StoreWriter.Options.forTesting
        options.spool.chunkByteCount = 4096
        options.spool.chunkCount = 8
        options.spool.slotCount = 16
        return options
    }

    @Test func `what has ended is in the spool at once, and in the segment afterwards`()
        async throws
    {
        let writer = try StoreWriter(store)
        for number in 0..<100 {
            writer.append([UInt8(number)], start: 1, end: 2)
            #expect(try StoredContent(store).spans == (0...number).map { [UInt8($0)] })
        }
        #expect(try Store(store).segmentPaths.isEmpty)
        #expect(await writer.flush() == nil)
        #expect(try StoredContent(store).spans.count == 100)
        #expect(await writer.shutdown() == nil)
        #expect(try Store(store).spoolPaths.isEmpty)
        #expect(try StoredContent(store).spans.count == 100)
    }

    /// The files of a store as they were at two moments: the spool before, the segments after.
    @Test func `a chunk whose block has been written meanwhile counts once`() async throws {
        let writer = try StoreWriter(store)
        for number in 0..<10 { writer.append([UInt8(number)], start: 1, end: 2) }
        try FileManager.default.copyItem(atPath: store, toPath: copy)
        #expect(try StoredContent(copy).spans.count == 10)
        #expect(await writer.flush() == nil)
        for path in try Store(store).segmentPaths {
            try FileManager.default.copyItem(
                atPath: path, toPath: "\(copy)/\(FileSystem.name(of: path))")
        }
        let content = try StoredContent(copy)
        #expect(content.spans == (0..<10).map { [UInt8($0)] })
        #expect(content.damages.isEmpty)
        #expect(await writer.shutdown() == nil)
    }

    @Test func `a span that is open is there until it ends, with what it has said so far`()
        async throws
    {
        let writer = try StoreWriter(store)
        let lane = writer.spool.lanes[0]
        var draft = lane.begin(Self.head(1), name: "open")
        _ = draft.append("question", "why?", countMax: 1, isNew: false)
        var blocks = try Self.blocks(store)
        #expect(blocks.map(\.holdsOpenSpans) == [true])
        let span = try #require(try Self.spans(blocks).first)
        #expect(span.name == "open" && span.endNanoseconds == 0)
        #expect(span.attributes.first == Attribute("question", .string("why?")))
        #expect(span.attributes.last?.key == AttributeKey.lastSeen)

        lane.end(&draft, at: 9, start: 5)
        blocks = try Self.blocks(store)
        #expect(blocks.map(\.holdsOpenSpans) == [false])
        #expect(try Self.spans(blocks).map(\.endNanoseconds) == [9])
        #expect(await writer.shutdown() == nil)
    }

    @Test func `a span that outgrows its slot or finds none is recorded all the same`()
        async throws
    {
        let writer = try StoreWriter(store, options: Self.small)
        let lane = writer.spool.lanes[0]
        for number in 0..<40 {
            var draft = lane.begin(Self.head(number + 1), name: "\(number)")
            for index in 0..<20 {
                let value = String(repeating: "x", count: 40)
                _ = draft.append("key \(index)", value, countMax: 20, isNew: false)
            }
            lane.end(&draft, at: 9, start: 5)
            if number % 10 == 9 { #expect(await writer.flush() == nil) }
        }
        let open = (0..<20).map { number in
            OpenDraft(lane.begin(Self.head(100 + number), name: "open"))
        }
        #expect(writer.drops.openTableFull == 4)
        #expect(try Self.spans(Self.blocks(store)).count { $0.endNanoseconds == 0 } == 16)
        withExtendedLifetime(open) {}
        #expect(await writer.shutdown() == nil)
        let spans = try Self.spans(Self.blocks(store))
        #expect(spans.count { $0.attributes.count == 20 } == 40)
        #expect(spans.count { $0.endNanoseconds == 0 } == 16)
    }

    @Test func `attributes that replace others of an open span are there in their place`()
        async throws
    {
        let writer = try StoreWriter(store)
        let lane = writer.spool.lanes[0]
        var draft = lane.begin(Self.head(1), name: "open")
        _ = draft.append("a", "long before it was short", countMax: 2, isNew: false)
        draft.removeAttributes()
        let isAppended = [
            draft.append("b", true, countMax: 2, isNew: false),
            draft.append("b", false, countMax: 2, isNew: false),
            draft.append("c", true, countMax: 1, isNew: false),
        ]
        #expect(isAppended == [true, false, false])
        let span = try #require(try Self.spans(Self.blocks(store)).first)
        #expect(span.attributes.map(\.key) == ["b", AttributeKey.lastSeen])
        lane.end(&draft, at: 9, start: 5)
        #expect(await writer.shutdown() == nil)
    }

    @Test func `a key is found among many that differ in little`() async throws {
        let writer = try StoreWriter(store)
        let lane = writer.spool.lanes[0]
        var draft = lane.begin(Self.head(1), name: "keys")
        // Reversed halves have the same length, first and last character as often as not.
        let keys = (0..<300).map { "k\(1000 + $0 * 7 % 300)k" } + [""]
        for isNew in [true, false] {
            for key in keys {
                let isAppended = draft.append(key, isNew, countMax: 1000, isNew: false)
                #expect(isAppended == isNew)
            }
        }
        lane.end(&draft, at: 9, start: 5)
        #expect(await writer.shutdown() == nil)
        let span = try #require(try Self.spans(Self.blocks(store)).first)
        #expect(span.attributes == keys.map { Attribute($0, .bool(true)) })
    }

    @Test func `who asked to wait for room gets it as soon as a block is written`() async throws {
        var options = Self.small
        options.spool.waitNanoseconds = 60_000_000_000
        let writer = try StoreWriter(store, options: options)
        // Many times what the spool holds.
        let span = [UInt8](repeating: 7, count: 1000)
        for _ in 0..<2000 { writer.append(span, start: 5, end: 9) }
        #expect(await writer.shutdown() == nil)
        #expect(writer.drops == DropCounters())
        #expect(try Self.blocks(store).reduce(0) { $0 + $1.header.spanCount } == 2000)
    }

    @Test func `of several threads that wait for room, none is passed over by the others`()
        async throws
    {
        var options = Self.small
        options.spool.waitNanoseconds = 60_000_000_000
        let writer = try StoreWriter(store, options: options)
        await concurrently(6) { _ in
            let span = [UInt8](repeating: 7, count: 1000)
            for _ in 0..<1000 { writer.append(span, start: 5, end: 9) }
        }
        #expect(await writer.shutdown() == nil)
        #expect(writer.drops == DropCounters())
        #expect(try Self.blocks(store).reduce(0) { $0 + $1.header.spanCount } == 6000)
    }

    @Test func `the lock tells a recorder that lives from a copy of its spool`() async throws {
        let writer = try StoreWriter(store)
        writer.append([1], start: 1, end: 2)
        try FileManager.default.copyItem(atPath: store, toPath: copy)
        let (original, copied) = (try Store(store).spoolPaths[0], try Store(copy).spoolPaths[0])
        #expect(try SpoolReader(original).isLive)
        #expect(try !SpoolReader(copied).isLive)
        #expect(await writer.shutdown() == nil)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func `of a damaged spool, only spans that had ended as they had ended are read`(
        seed: UInt64
    ) async throws {
        let writer = try StoreWriter(store, options: Self.small)
        var written: Set<[UInt8]> = []
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let span = generator.bytes(count: 1 + generator.below(200))
            written.insert(span)
            writer.append(span, start: 1, end: 2)
        }
        let path = try Store(store).spoolPaths[0]
        let original = try [UInt8](Data(contentsOf: URL(filePath: path)))
        #expect(await writer.shutdown() == nil)
        try FileSystem.createDirectory(copy)
        let damaged = "\(copy)/\(FileSystem.name(of: path))"
        var readCount = 0
        for _ in 0..<250 {
            try Data(Self.damage(original, &generator)).write(to: URL(filePath: damaged))
            guard let spool = try? SpoolReader(damaged) else { continue }
            for chunk in spool.chunks {
                var reader = ProtobufReader(chunk.entries)
                while let field = try reader.next() {
                    let span = Array(chunk.entries[try reader.range(field.value)])
                    readCount += 1
                    if !written.contains(span) { Issue.record("a span was not written so") }
                }
            }
        }
        #expect(readCount > 1000, "the damage left too little to test with")
    }
}

extension SpoolTests {
    private static func head(_ number: Int) -> SpanDraft.Head {
        SpanDraft.Head(
            traceID: TraceID(high: 1, low: 2), spanID: SpanID(UInt64(number)), parentSpanID: nil,
            flags: 0x103, kind: .internal, startNanoseconds: 5)
    }

    private static func blocks(_ path: String) throws -> [Block] {
        var blocks: [Block] = []
        let damages = try Store(path).forEachBlock { block, _ in blocks.append(block) }
        #expect(damages.isEmpty)
        return blocks
    }

    private static func spans(_ blocks: [Block]) throws -> [SpanRecord] {
        var spans: [SpanRecord] = []
        for block in blocks {
            try TracesData.forEachSpan(in: block.bytes, block.payload) { place in
                spans.append(try SpanRecord(decoding: block.bytes, place.span))
            }
        }
        return spans
    }

    /// Truncates, flips 1 to 64 bits, or zeroes or swaps pages.
    private static func damage(
        _ original: [UInt8], _ generator: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = original
        let pageCount = bytes.count / 4096
        let page = generator.below(pageCount) * 4096
        switch generator.below(4) {
        case 0: bytes.removeLast(generator.below(bytes.count))
        case 1:
            for _ in 0...generator.below(64) {
                bytes[generator.below(bytes.count)] ^= 1 << UInt8(generator.below(8))
            }
        case 2: bytes.replaceSubrange(page..<page + 4096, with: repeatElement(0, count: 4096))
        default:
            let other = generator.below(pageCount) * 4096
            let content = Array(bytes[other..<other + 4096])
            bytes.replaceSubrange(other..<other + 4096, with: bytes[page..<page + 4096])
            bytes.replaceSubrange(page..<page + 4096, with: content)
        }
        return bytes
    }
}

/// Keeps a draft that nobody ends.
private final class OpenDraft {
    let draft: SpanDraft

    init(_ draft: consuming SpanDraft) {
        self.draft = draft
    }
}
