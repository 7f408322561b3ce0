import Foundation
import SpanLogFormat
import SpanLogMerge
import SpanLogStore
import SpanLogTestSupport
import Testing

@Suite(.scratchDirectory) struct ArchiveTests {
    private let path = Scratch.path("archive")

    private func merge() throws -> Merge {
        let store = Scratch.path("a store")
        if try FileSystem.kind(of: store) == nil {
            try Merged.write([CraftedBlock([.span(1), .span(2, parent: 1)])], toStore: store)
        }
        return Merge(stores: [try Store(store)])
    }

    @Test func `the newest traces come first, as many as wanted`() throws {
        let starts: [UInt64] = [500, 3, 1 << 62, 70_000, 256, 255, 3]
        let spans = starts.enumerated().map { index, start in
            SpanRecord.span(1, trace: UInt64(index + 1), start: start)
        }
        let archive = try Merged([CraftedBlock(spans)]).archive
        let newest = [3, 4, 1, 5, 6, 7, 2].map { TraceID(high: 0, low: $0) }
        for limit in [0, 1, 3, 7, 100] {
            let summaries = try archive.newestSummaries(limit: limit)
            #expect(summaries.map(\.traceID) == Array(newest.prefix(limit)))
        }
        #expect(try archive.traceIDs() == newest.reversed())
        #expect(archive.traceCount == 7 && archive.spanCount == 7)
    }

    @Test func `a name of any length is cut in lists alone, and between characters`() throws {
        let name = String(repeating: "€", count: 2000)
        let archive = try Merged([CraftedBlock([.span(1, name: name)])]).archive
        #expect(try archive.newestSummaries(limit: 1)[0].name == String(name.prefix(1365)))
        let trace = try #require(try archive.trace(TraceID(high: 0, low: 7)))
        #expect(trace.spans[0].record.name == name)
    }

    @Test func `a trace is found by its id, and its neighbours are not`() throws {
        let ids = [(0, 1), (0, 2), (0, 256), (1, 0), (1, 1), (.max, .max)].map {
            TraceID(high: $0.0, low: $0.1)
        }
        var spans: [SpanRecord] = []
        for id in ids {
            var span = SpanRecord.span(1)
            span = SpanRecord(
                traceID: id, spanID: span.spanID, name: "\(id)", startNanoseconds: 1,
                endNanoseconds: 2)
            spans.append(span)
        }
        let archive = try Merged([CraftedBlock(spans)]).archive
        for id in ids {
            #expect(try archive.trace(id)?.spans.map(\.record.name) == ["\(id)"])
        }
        for id in [(0, 0), (0, 3), (2, 0), (.max, .max - 1)] as [(UInt64, UInt64)] {
            #expect(try archive.trace(TraceID(high: id.0, low: id.1)) == nil)
        }
    }

    @Test func `a trace of several parts is read whole and in order`() throws {
        let spans = (UInt64(1)...20_000).map { number in
            SpanRecord.span(number, parent: number == 1 ? nil : 1, start: number)
        }
        var generator = SeededGenerator(seed: 1)
        let shuffled = spans.shuffled(using: &generator)
        let merged = try Merged([
            CraftedBlock(recorder: 1, Array(shuffled[..<9000])),
            CraftedBlock(recorder: 2, Array(shuffled[9000...])),
            CraftedBlock(recorder: 3, [.span(1, trace: 8)]),
        ])
        #expect(try merged.chunks(of: "traces").count > 1)
        let trace = try #require(try merged.archive.trace(TraceID(high: 0, low: 7)))
        #expect((trace.spans.map(\.record) == spans) == true)
        #expect(merged.report.traces.whole == 2)
    }

    @Test func `a file that is there already is refused and left as it was`() throws {
        try FileSystem.replaceFile(path, with: [1, 2, 3])
        let error = #expect(throws: MergeError.self) { try merge().write(to: path) }
        #expect(error?.code == .exists)
        #expect(error?.message.contains(path) == true)
        #expect(try Data(contentsOf: URL(filePath: path)) == Data([1, 2, 3]))
        #expect(try filesBesideStore() == ["archive"])

        _ = try merge().write(to: path, replacing: true)
        #expect(try ArchiveReader(path).spanCount == 2)
        #expect(try filesBesideStore() == ["archive"])
    }

    @Test func `a merge that cannot write leaves no file behind`() throws {
        for path in [Scratch.path("missing/archive"), Scratch.path("")] {
            let error = #expect(throws: MergeError.self) { try merge().write(to: path) }
            #expect(error?.message.contains(path) == true)
        }
        // What is in the way cannot be replaced.
        try FileSystem.createDirectory("\(path)/full")
        let error = #expect(throws: MergeError.self) {
            try merge().write(to: path, replacing: true)
        }
        #expect(error?.code == .writeFailed)
        #expect(try filesBesideStore() == ["archive"])
    }

    @Test func `what is no archive is refused with a remedy`() throws {
        let missing = #expect(throws: MergeError.self) { try ArchiveReader(path) }
        #expect(missing?.code == .notFound)
        _ = try merge()
        let segment = try #require(try Store(Scratch.path("a store")).segmentPaths.first)
        try FileSystem.replaceFile(path, with: [])
        try FileSystem.replaceFile(path + ".txt", with: [UInt8](repeating: 65, count: 9000))
        for path in [segment, path, path + ".txt", Scratch.path("a store")] {
            let error = #expect(throws: MergeError.self) { try ArchiveReader(path) }
            #expect(error?.code == .notAnArchive)
            #expect(error?.message.contains("\(path) is no archive") == true)
            #expect(error?.message.contains("spanlog merge") == true)
        }
    }

    @Test(arguments: [(3, "merge the stores again"), (5, "update spanlog")])
    func `an archive of another format is refused by its name`(
        number: Int, remedy: String
    ) throws {
        try CraftedBlock.write(
            [
                (Array("format".utf8), Array("spanlog-archive \(number)".utf8)),
                (Array("report".utf8), Array("{}".utf8)),
            ], table: "meta", path: path)
        let error = #expect(throws: MergeError.self) { try ArchiveReader(path) }
        #expect(error?.code == .notAnArchive)
        #expect(error?.message.contains("spanlog-archive \(number)") == true)
        #expect(error?.message.contains(remedy) == true)
    }

    @Test(.timeLimit(.minutes(10)), arguments: [UInt64(1), 2])
    func `a damaged archive is read or refused, and crashes nobody`(seed: UInt64) throws {
        var random = RandomSpans(seed: seed)
        let merged = try Merged([
            CraftedBlock(random.next(12)), CraftedBlock(sequence: 1, [.span(1), .span(2)]),
        ])
        let original = [UInt8](try Data(contentsOf: URL(filePath: merged.path)))
        let ids = try merged.archive.traceIDs()
        var generator = SeededGenerator(seed: seed)
        for number in 0..<250 {
            var bytes = original
            if generator.below(5) == 0 { bytes.removeLast(generator.below(bytes.count)) }
            for _ in 0..<(1 + generator.below(64)) where !bytes.isEmpty {
                bytes[generator.below(bytes.count)] ^= 1 << UInt8(generator.below(8))
            }
            try Data(bytes).write(to: URL(filePath: path))
            do {
                let archive = try ArchiveReader(path)
                _ = (archive.report.accounting.isBalanced, archive.traceCount, archive.spanCount)
                _ = try archive.newestSummaries(limit: 100)
                for id in ids { _ = try archive.trace(id) }
            } catch let error as MergeError {
                #expect(error.message.contains(path))
            }
            if number.isMultiple(of: 5) { try addToDamaged(bytes) }
        }
    }

    /// An archive that is added to becomes one that is sound, or stays as it was.
    private func addToDamaged(_ bytes: [UInt8]) throws {
        do {
            let report = try Merge(stores: []).write(into: path)
            #expect(report.accounting.isBalanced)
            let archive = try ArchiveReader(path)
            for id in try archive.traceIDs() { #expect(try archive.trace(id) != nil) }
        } catch let error as MergeError {
            #expect(error.message.contains(path))
            #expect([UInt8](try Data(contentsOf: URL(filePath: path))) == bytes)
        }
        #expect(try !filesBesideStore().contains { $0.contains(".partial-") })
    }

    private func filesBesideStore() throws -> [String] {
        try FileSystem.entries(of: FileSystem.parent(of: path)).filter { $0 != "a store" }
    }
}
