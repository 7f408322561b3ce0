import Foundation
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge
@testable import SpanLogStore

/// What was ever found, and a little of everything, is decoded without harm; so is what comes of it by
/// a few changes.
///
/// `SPANLOG_FUZZ_SECONDS` says for how long to change it, which is 2 s otherwise. libFuzzer does it
/// better: see `Tests/Fuzzing`. `SPANLOG_FUZZ_CORPUS` names a folder to write new seeds to.
@Suite(.scratchDirectory, .timeLimit(.minutes(60))) struct DecoderFuzzingTests {
    private static let environment = ProcessInfo.processInfo.environment

    @Test func `every input of the corpus is decoded without harm`() throws {
        let fuzzing = try DecoderFuzzing(folder: Scratch.path("fuzzing"))
        let corpus = try Self.corpus()
        #expect(Set(corpus.map { $0[0] }) == Set(DecoderFuzzing.Kind.allCases.map(\.rawValue)))
        for input in corpus { try fuzzing.run(input) }
    }

    @Test func `changed inputs are decoded without harm`() throws {
        let fuzzing = try DecoderFuzzing(folder: Scratch.path("fuzzing"))
        let corpus = try Self.corpus()
        let seconds = Self.environment["SPANLOG_FUZZ_SECONDS"].flatMap(Double.init) ?? 2
        let end = ContinuousClock.now + .seconds(seconds)
        var generator = SeededGenerator(seed: 1)
        while ContinuousClock.now < end {
            var input = generator.element(of: corpus)
            for _ in 0...generator.below(4) { Self.change(&input, &generator, corpus) }
            try fuzzing.run(input)
        }
    }

    private static func change(
        _ input: inout [UInt8], _ generator: inout SeededGenerator, _ corpus: [[UInt8]]
    ) {
        guard input.count > 1 else { return }
        let place = 1 + generator.below(input.count - 1)
        let end = min(input.count, place + generator.below(64))
        switch generator.below(6) {
        case 0: input[place] ^= 1 << UInt8(generator.below(8))
        case 1: input[place] = generator.byte()
        case 2: input.removeSubrange(place..<end)
        case 3: input.insert(contentsOf: input[place..<end], at: place)
        case 4: input.replaceSubrange(place..<end, with: generator.bytes(count: end - place))
        default: input.replaceSubrange(place..., with: generator.element(of: corpus).suffix(200))
        }
    }

    private static func corpus() throws -> [[UInt8]] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/corpus").path()
        return try FileSystem.entries(of: folder).map {
            Array(try Data(contentsOf: URL(filePath: "\(folder)/\($0)")))
        }
    }
}

// MARK: Seeds

extension DecoderFuzzingTests {
    @Test(.enabled(if: environment["SPANLOG_FUZZ_CORPUS"] != nil))
    func `a little of everything becomes the corpus`() async throws {
        let folder = try #require(Self.environment["SPANLOG_FUZZ_CORPUS"])
        var random = RandomSpans(seed: 3)
        let spans = random.next(6)
        var block = CraftedBlock(Array(spans.prefix(2)))
        var seeds: [(DecoderFuzzing.Kind, [UInt8])] = spans.map { (.span, $0.encoded()) }
        let payload = try Block(checking: block.bytes, key: block.sequence.bigEndianBytes)
        seeds.append((.tracesData, Array(payload.bytes[payload.payload])))
        seeds.append((.block, block.bytes))
        block.spans = (0..<40).map { _ in spans[0].encoded() }
        var compressor = BlockCompressor()
        seeds.append((.block, compressor?.compressed(block.bytes) ?? []))
        let merged = try Merged([block, CraftedBlock(recorder: 2, sequence: 0, random.next(3))])
        seeds.append((.archive, try Self.content(merged.path)))
        let store = Scratch.path("store")
        try CraftedBlock.write(
            (0..<3).map { CraftedBlock(sequence: $0, [spans[Int($0)]]) }, toStore: store)
        seeds.append((.segment, try Self.content(try Store(store).segmentPaths[0])))
        for entry in try merged.chunks(of: "traces") + merged.chunks(of: "index") {
            let content = try ArchiveChunk.content(of: entry.value)
            let chunk = Array(content.bytes[content.payload])
            if entry.table == "traces" { seeds.append((.trace, chunk)) }
            var reader = ProtobufReader(chunk)
            while entry.table == "index", let field = try reader.next() {
                guard let range = try? reader.range(field.value) else { continue }
                seeds.append((.summary, Array(chunk[range])))
            }
        }
        let fleet = try Merged(Fleet.usual(seed: 1, traceCount: 5).blocks, to: "fleet")
        let sources = try fleet.archive.clockSources()
        var writer = ProtobufWriter()
        if let (domain, anchors) = sources.anchors.max(by: { $0.key < $1.key }) {
            ArchivedAnchors.encode(anchors, of: domain, into: &writer)
        }
        seeds.append((.clocks, writer.bytes))
        seeds.append((.clocks, fleet.archive.corrections.encoded()))
        seeds.append((.spool, try await Self.spool(spans)))
        for (number, (kind, bytes)) in seeds.enumerated() {
            let path = "\(folder)/\(kind)-\(number)"
            try Data([kind.rawValue] + bytes).write(to: URL(filePath: path))
        }
    }

    private static func content(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path)))
    }

    private static func spool(_ spans: [SpanRecord]) async throws -> [UInt8] {
        var options = StoreWriter.Options.forTesting
        options.spool.chunkByteCount = 4096
        options.spool.chunkCount = 2
        options.spool.slotCount = 2
        let path = Scratch.path("living")
        let writer = try StoreWriter(path, options: options)
        for span in spans.prefix(2) { writer.append(span) }
        let content = try content(try Store(path).spoolPaths[0])
        _ = await writer.shutdown()
        return content
    }
}
