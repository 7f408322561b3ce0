import Foundation
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge
@testable import SpanLogStore

/// Whatever somebody makes up behind checksums that are right, a check of it ends, and so does a rescue.
@Suite(.scratchDirectory, .timeLimit(.minutes(20))) struct ForgedArchiveTests {
    private let path = Scratch.path("forged")
    private let output = Scratch.path("rescued")

    /// The values of all tables, by their places.
    private func values(of path: String) throws -> [(table: String, entry: LMDBTree.Entry)] {
        let file = try LMDBFile(ReadOnlyFile(path))
        return try ["meta", "blocks", "traces", "index", "quarantine", "anchors", "seals"]
            .flatMap { name in
                var values: [(String, LMDBTree.Entry)] = []
                try file.table(name)?.forEachEntry { entry in
                    if entry.valueByteCount > 40 { values.append((name, entry)) }
                    return true
                }
                return values
            }
    }

    /// Gives a value of an archive another payload, and the checksum of that, if it has room for it.
    private func forge(_ bytes: inout [UInt8], _ entry: LMDBTree.Entry, payload: [UInt8]) {
        let start = Int(entry.valueOffset)
        let isChunk = bytes[start..<start + 8].elementsEqual(ArchiveChunk.magic)
        let (header, codec, lengths) = isChunk ? (40, 16, 24) : (192, 18, 72)
        guard header + payload.count <= entry.valueByteCount else { return }
        bytes[start + codec] = 0
        for offset in [lengths, lengths + 8] {
            let length = UInt64(payload.count).littleEndianBytes
            bytes.replaceSubrange(start + offset..<start + offset + 8, with: length)
        }
        let end = start + header + payload.count
        bytes.replaceSubrange(start + header..<end, with: payload)
        let checksum = Checksum.xxh3(bytes, start + 16..<end)
        bytes.replaceSubrange(start + 8..<start + 16, with: checksum.littleEndianBytes)
    }

    private func payload(of value: [UInt8]) throws -> [UInt8] {
        if value.starts(with: ArchiveChunk.magic) {
            let content = try ArchiveChunk.content(of: value)
            return Array(content.bytes[content.payload])
        }
        let block = try Block(archived: value)
        return Array(block.bytes[block.payload])
    }

    @Test(arguments: UInt64(1)...2)
    func `values that are made up end no check and no rescue`(seed: UInt64) throws {
        let original = try DamagedArchive(seed: seed)
        let values = try values(of: original.merged.path)
        var generator = SeededGenerator(seed: seed)
        var damagedCount = 0
        for _ in 0..<120 {
            var bytes = original.bytes
            for _ in 0...generator.below(3) {
                let (_, entry) = generator.element(of: values)
                let start = Int(entry.valueOffset)
                let value = Array(bytes[start..<start + entry.valueByteCount])
                var payload = (try? payload(of: value)) ?? []
                for _ in 0...generator.below(8) where !payload.isEmpty {
                    payload[generator.below(payload.count)] = generator.byte()
                }
                if generator.below(4) == 0 { payload = generator.bytes(count: 3000) }
                forge(&bytes, entry, payload: payload)
            }
            try Data(bytes).write(to: URL(filePath: path))
            if try !ArchiveReport(path).isSound { damagedCount += 1 }
            _ = try StoreSalvager(path, output: output).run()
            try FileManager.default.removeItem(atPath: output)
        }
        #expect(damagedCount > 60)
    }

    @Test func `records that are not there, or in no trace, are named`() throws {
        let original = try DamagedArchive(seed: 3)
        let last = try #require(try values(of: original.merged.path).last { $0.table == "traces" })
        let id = try #require(TraceID(bytes: Array(last.entry.key[8..<24])))
        func entry(_ places: [UInt8]) -> [UInt8] {
            var entry = ProtobufWriter()
            entry.data(ArchiveFormat.Trace.id, id.bytes)
            entry.data(ArchiveFormat.Trace.spans, places)
            var chunk = ProtobufWriter()
            chunk.data(ArchiveFormat.Chunk.entry, entry.bytes)
            return chunk.bytes
        }
        for (places, reason) in [
            ([99, 0], "record 0 of block 99, which is not there"),
            ([0, 120], "record 120 of block 0, which is not there"),
            ([0], "half a record"), ([0xFF], "cut off"), ([], "digest"),
        ] as [([UInt8], String)] {
            var bytes = original.bytes
            forge(&bytes, last.entry, payload: entry(places))
            try Data(bytes).write(to: URL(filePath: path))
            let damages = try ArchiveReport(path).damages
            #expect(damages.contains { $0.reason.contains(reason) }, "\(damages)")
        }
    }

    /// Pages whose entries are all the first one.
    @Test func `a tree that multiplies the work is damage`() throws {
        let original = try DamagedArchive(seed: 4)
        let pages = (2..<original.bytes.count / 4096).filter { page in
            original.otherPages.contains(page)
                && [1, 2].contains(original.bytes[page * 4096 + 10])
        }
        var damagedCount = 0
        for page in pages {
            var bytes = original.bytes
            let start = page * 4096
            let first = bytes[start + 16..<start + 18]
            for place in stride(from: start + 18, to: start + 1800, by: 2) {
                bytes.replaceSubrange(place..<place + 2, with: first)
            }
            bytes.replaceSubrange(
                start + 12..<start + 14, with: UInt16(1800).littleEndianBytes)
            try Data(bytes).write(to: URL(filePath: path))
            let time = try ContinuousClock().measure {
                // Some pages are those of an earlier commit, to which nothing leads.
                if try !ArchiveReport(path).isSound { damagedCount += 1 }
                _ = try StoreSalvager(path, output: output).run()
            }
            #expect(time < .seconds(20))
            try FileManager.default.removeItem(atPath: output)
        }
        #expect(damagedCount > 5)
    }
}
