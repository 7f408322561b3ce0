import Foundation
import SpanLogFormat
import SpanLogTestSupport

@testable import SpanLogStore

/// A span as everybody calls it, under the identifier that its recorder gave it.
struct SpanName: Hashable, Sendable {
    private let traceID: TraceID
    private let spanID: String
    private let name: String
    private let startNanoseconds: UInt64

    init(_ span: SpanRecord) {
        traceID = span.traceID
        spanID = span.attributes.text(for: AttributeKey.originalSpanID) ?? span.spanID.description
        name = span.name
        startNanoseconds = span.startNanoseconds
    }
}

/// A store as it was written, with what a reader may find of it.
struct StoreSample: Sendable {
    let files: [String: [UInt8]]
    /// An older state of one of the files, as a copy of a live store begins with it.
    let older: [String: [UInt8]]
    /// Every block, header and stored payload, as its bytes.
    private(set) var blocks: Set<[UInt8]> = []
    /// Every span that had ended, as its bytes.
    private(set) var spans: Set<[UInt8]> = []
    /// What an archive says of every span, whatever it has changed of the rest.
    private(set) var names: Set<SpanName> = []

    /// - Parameter older: The directory of an earlier copy, or `nil` for none.
    init(_ path: String, older: String? = nil) throws {
        files = try Self.files(of: path)
        self.older = try older.map(Self.files(of:)) ?? [:]
        for (name, bytes) in files where name.hasSuffix(".mdb") {
            blocks.formUnion(Self.rawBlocks(in: bytes))
        }
        var (spans, names) = (Set<[UInt8]>(), Set<SpanName>())
        _ = try Store(path).forEachBlock { block, _ in
            try TracesData.forEachSpan(in: block.bytes, block.payload) { place in
                spans.insert(Array(block.bytes[place.span]))
                names.insert(SpanName(try SpanRecord(decoding: block.bytes, place.span)))
            }
        }
        self.spans = spans
        self.names = names
    }

    private static func files(of path: String) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try FileSystem.entries(of: path) where !name.hasSuffix("-lock") {
            files[name] = Array(try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
        }
        return files
    }

    /// The blocks of the original that stand in `bytes` as they were: compared byte by byte, without
    /// any of the code that is tested.
    func survivors(in bytes: [UInt8]) -> Set<[UInt8]> {
        Set(places(in: bytes).map { Array(bytes[$0.start..<$0.end]) })
    }

    /// Where they stand.
    func places(in bytes: [UInt8]) -> [(start: Int, end: Int)] {
        Self.rawPlaces(in: bytes).filter { blocks.contains(Array(bytes[$0.start..<$0.end])) }
    }

    private static func rawBlocks(in bytes: [UInt8]) -> Set<[UInt8]> {
        Set(rawPlaces(in: bytes).map { Array(bytes[$0.start..<$0.end]) })
    }

    private static func rawPlaces(in bytes: [UInt8]) -> [(start: Int, end: Int)] {
        var places: [(start: Int, end: Int)] = []
        for start in stride(from: 16, through: bytes.count - 192, by: 4096)
        where bytes[start] == 0x53 && bytes[start..<start + 8].elementsEqual("SPLGBLK1".utf8) {
            let count = UInt64(littleEndianIn: bytes, at: start + 72)
            guard count <= UInt64(bytes.count - start - 192) else { continue }
            places.append((start, start + 192 + Int(count)))
        }
        return places
    }
}

extension StoreSample {
    /// The stores that are mutated: of one recorder with a tree of one level and of two, compressed
    /// blocks with what a killed recorder left, and a compacted segment.
    static func all(in folder: String) async throws -> [StoreSample] {
        [
            try crafted(12, "\(folder)/small"), try crafted(180, "\(folder)/large"),
            try await killed("\(folder)/killed"), try compacted("\(folder)/compacted"),
        ]
    }

    private static func blocks(_ count: Int, recorder: UInt8) -> [CraftedBlock] {
        var random = RandomSpans(seed: UInt64(count))
        return (0..<UInt64(count)).map { sequence in
            var block = CraftedBlock(recorder: recorder, sequence: sequence, random.next(2))
            if sequence % 9 == 5 {
                var large = random.next(1)[0]
                large.attributes.append(
                    Attribute("large", .bytes([UInt8](repeating: 7, count: 9000))))
                block.spans.append(large.encoded())
            }
            return block
        }
    }

    /// The older state ends in the middle of the blocks.
    private static func crafted(_ count: Int, _ path: String) throws -> StoreSample {
        let blocks = blocks(count, recorder: 1)
        try CraftedBlock.write(Array(blocks.prefix(count / 2)), toStore: path)
        try FileManager.default.copyItem(atPath: path, toPath: path + "-older")
        try CraftedBlock.write(Array(blocks.dropFirst(count / 2)), toStore: path)
        return try StoreSample(path, older: path + "-older")
    }

    private static func killed(_ path: String) async throws -> StoreSample {
        let living = path + "-living"
        var options = StoreWriter.Options.forTesting
        options.spool.chunkByteCount = 32 << 10
        options.spool.chunkCount = 4
        options.spool.slotCount = 8
        options.segmentBytesMax = 64 << 10
        let writer = try StoreWriter(living, recorder: 2, options: options)
        var random = RandomSpans(seed: 77)
        for _ in 0..<20 {
            for span in random.next(40) { writer.append(span) }
            _ = await writer.flush()
        }
        for span in random.next(30) { writer.append(span) }
        try FileManager.default.copyItem(atPath: living, toPath: path)
        _ = await writer.shutdown()
        var removals = StoreRemovals()
        removals.add([
            .init(recorderID: .testing(8), first: 0, blockCount: 4, removedNanoseconds: 7)
        ])
        try removals.write(to: StoreDirectory(path: path))
        return try StoreSample(path)
    }

    private static func compacted(_ path: String) throws -> StoreSample {
        let directory = try StoreDirectory.openForWriting(path)
        let segment = try CompactedSegment(
            .init(id: .testing(9), number: 0), in: directory, byteCountMax: 1 << 26)
        for recorder in [UInt8(3), 4] {
            for block in blocks(40, recorder: recorder) {
                let name = BlockName(recorderID: .testing(recorder), sequence: block.sequence)
                try segment.put(block.bytes, name, holdsOpenSpans: false)
            }
            var random = RandomSpans(seed: UInt64(recorder))
            let open = CraftedBlock(recorder: recorder, sequence: .max, random.next(1))
            let name = BlockName(recorderID: .testing(recorder), sequence: .max)
            try segment.put(open.bytes, name, holdsOpenSpans: true)
        }
        try segment.sync()
        try segment.publish()
        return try StoreSample(path)
    }
}
