import Foundation
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge
@testable import SpanLogStore

/// Of an archive, whatever has happened to it, every intact block becomes one of a store again.
@Suite(.scratchDirectory, .timeLimit(.minutes(20))) struct ArchiveSalvageTests {
    private let path = Scratch.path("damaged")
    private let output = Scratch.path("rescued")

    /// The blocks of a store as they are stored, without the zeros behind them.
    private func stored(in store: String) throws -> Set<[UInt8]> {
        var blocks: Set<[UInt8]> = []
        _ = try Store(store).forEachStoredBlock { block, value, _ in
            blocks.insert(Array((value ?? []).prefix(Int(block.storedByteCount))))
        }
        return blocks
    }

    /// The digest of what a rescue has written.
    private func digest() throws -> String {
        try Merged([output], to: "again").report.digest
    }

    @Test func `a sound archive becomes a store that merges to the same`() throws {
        let archive = try DamagedArchive(seed: 1)
        let report = try StoreSalvager(archive.merged.path, output: output).run()
        #expect(report.isComplete && report.lostBlockCount == 0)
        #expect(Int(report.rescued.blockCount) == archive.blocks.count - 1)
        #expect(report.rescued.openSpanCount == 4)
        #expect(try stored(in: output) == Set(archive.blocks.values))
        #expect(try digest() == archive.merged.report.digest)
    }

    @Test func `blocks alone are enough, without meta pages, tree and chunks`() throws {
        var archive = try DamagedArchive(seed: 2)
        for page in archive.otherPages { archive.zero(page: page) }
        try archive.write(to: path)
        let report = try StoreSalvager(path, output: output).run()
        #expect(!report.isComplete)
        #expect(try stored(in: output) == Set(archive.blocks.values))
        #expect(try digest() == archive.merged.report.digest)
    }

    @Test(arguments: UInt64(1)...3)
    func `of a mutated archive, every block that survives is rescued, and nothing else`(
        seed: UInt64
    ) throws {
        let original = try DamagedArchive(seed: seed)
        var generator = SeededGenerator(seed: seed)
        var (rescueCount, survivorCount) = (0, 0)
        for number in 0..<60 {
            var archive = original
            for _ in 0...generator.below(2) { archive.mutate(&generator) }
            try archive.write(to: path)
            let survivors = archive.survivors
            let report: SalvageReport
            do {
                report = try StoreSalvager(path, output: output).run()
            } catch {
                #expect(survivors.isEmpty, "mutation \(number): \(error)")
                #expect(error.message.contains(path))
                continue
            }
            defer { try? FileManager.default.removeItem(atPath: output) }
            let rescued = try stored(in: output)
            #expect(rescued == survivors, "mutation \(number)")
            #expect(!report.isComplete || survivors.count == original.blocks.count)
            rescueCount += 1
            survivorCount += survivors.count
            guard survivors.count == original.blocks.count else { continue }
            #expect(try digest() == original.merged.report.digest)
            try FileManager.default.removeItem(atPath: Scratch.path("again"))
        }
        #expect(rescueCount > 40 && survivorCount > 400)
    }

    @Test func `open spans of several moments become one block, and stay what they were`() throws {
        let store = Scratch.path("store")
        var random = RandomSpans(seed: 5)
        var spans = random.next(6)
        for segment in 0..<3 {
            spans += random.next(1)
            try CraftedBlock.write(
                [CraftedBlock(sequence: .max, spans)], toStore: store, segment: segment)
        }
        let merged = try Merged([store])
        #expect(try merged.chunks(of: "blocks").count == 3)
        let report = try StoreSalvager(merged.path, output: output).run()
        #expect(report.isComplete && report.rescued.openSpanCount == 24)
        let again = try Merged([output], to: "again")
        #expect(again.report.digest == merged.report.digest)
        #expect(try again.chunks(of: "blocks").count == 1)
    }

    @Test func `of an archive of another format, the blocks that are known are rescued`() throws {
        var archive = try DamagedArchive(seed: 6)
        archive.replace("spanlog-archive 4", with: "spanlog-archive 5")
        try archive.write(to: path)
        let report = try StoreSalvager(path, output: output).run()
        #expect(try stored(in: output) == Set(archive.blocks.values))
        #expect(report.source.damages.map(\.reason).joined().contains("spanlog-archive 5"))
        let error = #expect(throws: MergeError.self) { try ArchiveReport(path) }
        #expect(error?.message.contains("update spanlog") == true)
    }

    @Test func `what is no archive is refused with both remedies, and nothing is made`() throws {
        let merged = try Merged([CraftedBlock([.span(1)])])
        let segment = try #require(try Store(Scratch.path("store of archive")).segmentPaths.first)
        try FileSystem.replaceFile(path, with: [UInt8](repeating: 65, count: 9000))
        try FileSystem.replaceFile(path + ".empty", with: [])
        for path in [segment, path, path + ".empty"] {
            let error = #expect(throws: StoreError.self) { try StoreSalvager(path, output: output) }
            #expect(error?.message.contains("\(path) is neither a store nor an archive") == true)
            #expect(error?.message.contains("spanlog merge") == true)
        }
        #expect(throws: StoreError.self) {
            try StoreSalvager(merged.path, output: Scratch.path("store of archive"))
        }
        #expect(try FileSystem.kind(of: output) == nil)
    }
}
