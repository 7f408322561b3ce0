import Foundation
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge
@testable import SpanLogStore

/// Whether an archive is as it was written: a check never says so of one that is not, and tells where.
@Suite(.scratchDirectory, .timeLimit(.minutes(20))) struct ArchiveReportTests {
    private let path = Scratch.path("damaged")

    @Test(arguments: UInt64(1)...3)
    func `a sound archive is called sound, with what it holds`(seed: UInt64) throws {
        let merged = try DamagedArchive(seed: seed).merged
        let report = try ArchiveReport(merged.path)
        #expect(report.damages == [])
        #expect(report.digest == merged.report.digest)
        #expect(report.spanCount == merged.archive.spanCount)
        #expect(Int(report.traceCount) == merged.archive.traceCount)
        #expect(report.quarantinedCount == UInt64(try merged.quarantined().count))
        #expect(Int(report.blockCount) == (try merged.chunks(of: "blocks").count))
    }

    @Test func `archives of nothing, of large traces, of links and cycles are sound`() throws {
        let empty = Scratch.path("empty")
        _ = try StoreDirectory.openForWriting(empty)
        #expect(try ArchiveReport(Merged([empty], to: "nothing").path).damages == [])
        let spans = (UInt64(1)...20_000).map { SpanRecord.span($0, parent: $0 % 50, start: $0) }
        let large = try Merged(
            [
                CraftedBlock(recorder: 1, Array(spans[..<9000])),
                CraftedBlock(recorder: 2, Array(spans[8000...])),
                CraftedBlock(
                    recorder: 3, [.span(1, parent: 2, trace: 8), .span(2, parent: 1, trace: 8)]),
            ], to: "large")
        #expect(large.report.traces.large == 1 && large.report.traces.cycles > 1)
        let report = try ArchiveReport(large.path)
        #expect(report.damages == [] && report.digest == large.report.digest)
    }

    /// What the tables hold, without the padding behind values.
    private func content(_ path: String) throws -> [String: [[UInt8]]] {
        let file = try LMDBFile(ReadOnlyFile(path))
        var content: [String: [[UInt8]]] = [:]
        for name in ["meta", "blocks", "traces", "index", "quarantine", "anchors", "seals"] {
            let table = try file.table(name)
            try table?.forEachEntry { entry in
                let value = try table?.value(of: entry) ?? []
                var count = value.count
                if value.starts(with: ArchiveChunk.magic) {
                    count = 40 + Int(clamping: UInt64(littleEndianIn: value, at: 24))
                } else if value.starts(with: BlockHeader.magic) {
                    count = 192 + Int(clamping: UInt64(littleEndianIn: value, at: 72))
                }
                content[name, default: []] += [entry.key, Array(value.prefix(count))]
                return true
            }
        }
        return content
    }

    @Test(arguments: UInt64(1)...3)
    func `a mutated archive is sound only if all that it says is as it was`(seed: UInt64) throws {
        let original = try DamagedArchive(seed: seed)
        let before = try content(original.merged.path)
        var generator = SeededGenerator(seed: seed &+ 100)
        var (damagedCount, soundCount) = (0, 0)
        for number in 0..<100 {
            var damaged = original
            damaged.mutate(&generator)
            try damaged.write(to: path)
            let report: ArchiveReport
            do {
                report = try ArchiveReport(path)
            } catch let error as MergeError {
                #expect(error.message.contains(path))
                continue
            }
            damagedCount += report.isSound ? 0 : 1
            for damage in report.damages {
                #expect(damage.file == path && damage.reason.contains(path))
            }
            guard report.isSound else { continue }
            soundCount += 1
            #expect(try content(path) == before, "mutation \(number)")
            let archive = try ArchiveReader(path)
            #expect(archive.report.digest == original.merged.report.digest)
            #expect(try archive.trace(TraceID(high: 0, low: 7)) != nil, "mutation \(number)")
        }
        #expect(damagedCount > 40, "\(damagedCount) damaged and \(soundCount) sound")
    }

    @Test func `a bit of any block or chunk is missed nowhere, and named with its place`() throws {
        let original = try DamagedArchive(seed: 4)
        let tables = try content(original.merged.path).keys
        for name in tables.sorted() {
            let file = try LMDBFile(ReadOnlyFile(original.merged.path))
            var entries: [LMDBTree.Entry] = []
            try file.table(name)?.forEachEntry {
                entries.append($0)
                return true
            }
            for entry in entries where entry.valueByteCount > 40 {
                var archive = original
                archive.flip(bit: 3, at: Int(entry.valueOffset) + 30)
                try archive.write(to: path)
                let damages = try ArchiveReport(path).damages
                let damage = damages.first { $0.byteOffset == entry.valueOffset }
                #expect(damage?.table == name, "\(damages)")
                #expect(damage?.key == Hexadecimal.string(entry.key))
                if name == "blocks" {
                    #expect(damage?.block == UInt64(bigEndianBytes: entry.key))
                }
            }
        }
    }

    @Test func `of blocks that changed places, both are named`() throws {
        var archive = try DamagedArchive(seed: 5)
        let single = archive.blocks.filter { $0.value.count < 4080 }.keys.sorted()
        archive.swap(single[0] / 4096, single[1] / 4096)
        try archive.write(to: path)
        let offsets = Set(try ArchiveReport(path).damages.map(\.byteOffset))
        #expect(offsets.isSuperset(of: [UInt64(single[0]), UInt64(single[1])]))
    }

    @Test func `more damages than anybody reads are counted`() {
        var damages = ArchiveDamages(path: "a")
        for number in UInt64(0)..<1500 { damages.add("b", .init(byteOffset: number)) }
        #expect(damages.named.count == 1001)
        #expect(damages.named.last?.reason.contains("500 more") == true)
    }

    @Test func `records that have no room in memory are found in temporary space`() throws {
        var records = CheckedRecords(heldBytesMax: 1000)
        func record(_ hash: UInt64) -> CheckedRecord {
            CheckedRecord(hash: hash, producer: 1, spanID: 2, parentID: 3, defect: 0)
        }
        for block in UInt64(0)..<30 {
            try records.add((0..<7).map { record(block * 7 + $0) }, of: block, sequence: block)
        }
        for block in UInt64(0)..<30 {
            for index in UInt64(0)..<7 {
                let found = try records.record(.init(block: block, index: index))
                #expect(found?.record.hash == block * 7 + index && found?.sequence == block)
            }
            #expect(try records.record(.init(block: block, index: 7)) == nil)
        }
        #expect(try records.record(.init(block: 30, index: 0)) == nil)
    }

    @Test func `what is no archive is refused with both remedies`() throws {
        try FileSystem.replaceFile(path, with: [UInt8](repeating: 65, count: 9000))
        let other = #expect(throws: MergeError.self) { try ArchiveReport(path) }
        #expect(other?.message.contains("\(path) is neither a store nor an archive") == true)
        let missing = #expect(throws: MergeError.self) { try ArchiveReport(path + ".none") }
        #expect(missing?.code == .notFound)
    }
}
