import Foundation
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

@Suite(.scratchDirectory) struct StoreReportTests {
    private let store = Scratch.path("store")

    private func report() throws -> StoreReport { StoreReport(try Store(store)) }

    private func write(_ sequences: [UInt64], recorder: UInt8 = 1, segment: Int = 0) throws {
        try CraftedBlock.write(
            sequences.map { CraftedBlock(recorder: recorder, sequence: $0, Self.spans(2)) },
            toStore: store, segment: segment)
    }

    private static func spans(_ count: Int) -> [SpanRecord] {
        var random = RandomSpans(seed: 1)
        return random.next(count)
    }

    @Test func `a sound store has no gaps, drops or damage`() throws {
        try write([0, 1, 2])
        try write([3, 4], segment: 1)
        try write([0], recorder: 2)
        let report = try report()
        #expect(report.isSound && report.path == store)
        #expect(report.recorders.map(\.id) == [1, 2].map { RecorderID.testing($0).description })
        #expect(report.recorders.map(\.blockCount) == [5, 1])
        #expect(report.recorders.map(\.spanCount) == [10, 2])
        #expect(report.recorders.map(\.segmentCount) == [2, 1])
        #expect(report.recorders.allSatisfy { $0.gaps.isEmpty && $0.drops.total == 0 })
        #expect(report.recorders[0].service == "test")
        #expect(report.recorders[0].bootID == String(repeating: "b0", count: 16))
        #expect(report.recorders[0].earliestNanoseconds == 1)
        #expect(report.recorders[0].latestNanoseconds == 2)
        let sizes = try Store(store).segmentPaths.map { try ReadOnlyFile($0).byteCount() }
        #expect(report.byteCount == sizes.reduce(0, +))
    }

    @Test(
        arguments: [
            ([0, 1, 2], []), ([1], [(0, 0)]), ([0, 2], [(1, 1)]), ([3, 4, 9], [(0, 2), (5, 8)]),
            ([0, .max], [(1, .max - 1)]), ([.max - 1, .max], [(0, .max - 2)]),
        ] as [([UInt64], [(UInt64, UInt64)])])
    func `each run of missing blocks is one gap, and damage`(
        sequences: [UInt64], gaps: [(UInt64, UInt64)]
    ) throws {
        try write(sequences)
        let report = try report()
        #expect(
            report.recorders.first?.gaps.map { [$0.first, $0.last] }
                == gaps.map { [$0.0, $0.1] })
        #expect(report.damages.count == gaps.count)
        #expect(report.isSound == gaps.isEmpty)
        for (damage, gap) in zip(report.damages, gaps) {
            #expect(damage.reason.contains("blocks \(gap.0) to \(gap.1)"))
            #expect(damage.file == (try Store(store).segmentPaths.first))
        }
    }

    @Test func `a block that stands in two segments is counted once`() throws {
        try write([0, 1, 2])
        try write([2, 3], segment: 1)
        let recorder = try #require(try report().recorders.first)
        #expect(recorder.blockCount == 4)
        #expect(recorder.spanCount == 8)
        #expect(try report().isSound)
    }

    @Test func `the newest counters tell what was lost`() throws {
        var blocks = (0..<3).map { CraftedBlock(sequence: $0) }
        for index in blocks.indices {
            blocks[index].drops.bufferFull = UInt64(index)
            blocks[index].drops.writeFailed = 10 * UInt64(index)
            blocks[index].drops.tooLarge = 100 * UInt64(index)
            blocks[index].drops.afterShutdown = 1000 * UInt64(index)
            blocks[index].drops.openTableFull = 10_000 * UInt64(index)
            blocks[index].drops.redactionFailed = 100_000 * UInt64(index)
        }
        try CraftedBlock.write(blocks, toStore: store)
        let drops = try #require(try report().recorders.first).drops
        #expect(
            drops
                == .init(
                    bufferFull: 2, writeFailed: 20, tooLarge: 200, afterShutdown: 2000,
                    openTableFull: 20_000, redactionFailed: 200_000))
        #expect(drops.total == 2222)
    }

    @Test func `a recorder that died and left nothing but losses is there with them`() async throws
    {
        var options = StoreWriter.Options.forTesting
        options.spool.spanBytesMax = 1000
        let writer = try StoreWriter(store, options: options)
        writer.append([UInt8](repeating: 7, count: 2000), start: 1, end: 2)
        let copy = "\(store)-copy"
        try FileManager.default.copyItem(atPath: store, toPath: copy)
        let report = StoreReport(try Store(copy))
        #expect(report.isSound)
        #expect(report.recorders.map(\.drops.tooLarge) == [1])
        #expect(report.recorders.map(\.service) == ["test"])
        // A later block says the same, and what was told once is not told again.
        #expect(await writer.shutdown() == nil)
        #expect(try self.report().recorders.map(\.drops.tooLarge) == [1])
    }

    @Test func `forged counters do no harm`() throws {
        var block = CraftedBlock(Self.spans(1))
        block.drops.bufferFull = .max
        block.drops.tooLarge = .max
        block.claimedSpanCount = .max
        try CraftedBlock.write([block], toStore: store)
        let recorder = try #require(try report().recorders.first)
        #expect(recorder.drops.bufferFull == .max)
        _ = recorder.drops.total
        #expect(recorder.spanCount == UInt64(UInt32.max))
    }

    @Test func `a damaged block is named with its file, and the others are delivered`() throws {
        try write(Array(0..<10))
        let path = try #require(try Store(store).segmentPaths.first)
        let location = try SegmentReader(path).locations[4]
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        bytes[Int(location.offset) + BlockHeader.byteCount + 3] ^= 1
        try Data(bytes).write(to: URL(filePath: path))
        let report = try report()
        #expect(report.damages.map(\.file) == [path, path])
        #expect(report.damages[0].reason.contains("block 4 at byte \(location.offset)"))
        #expect(report.damages[0].reason.contains("checksum"))
        #expect(report.damages[1].reason.contains("blocks 4 to 4"))
        #expect(report.recorders.first?.blockCount == 9)
    }

    @Test func `a segment that is none of LMDB's is named, and the others are read`() throws {
        try write([0, 1], recorder: 2)
        let name = StoreDirectory.SegmentName(recorderID: .testing(1), number: 0).fileName
        try FileSystem.replaceFile("\(store)/\(name)", with: [UInt8](repeating: 7, count: 5000))
        let report = try report()
        #expect(report.damages.map(\.file) == ["\(store)/\(name)"])
        #expect(report.damages.first?.reason.contains("no LMDB environment") == true)
        #expect(report.recorders.map(\.blockCount) == [2])
    }

    @Test func `an empty segment is one whose first block was about to come`() throws {
        try write([0], recorder: 2)
        let name = StoreDirectory.SegmentName(recorderID: .testing(1), number: 0).fileName
        try FileSystem.replaceFile("\(store)/\(name)", with: [])
        #expect(try report().isSound)
    }

    @Test func `the report survives JSON`() throws {
        try write([1, 4])
        let report = try report()
        let json = try JSONEncoder().encode(report)
        let decoded = try JSONDecoder().decode(StoreReport.self, from: json)
        #expect(decoded.damages == report.damages)
        #expect(decoded.recorders.map(\.gaps) == report.recorders.map(\.gaps))
        #expect(decoded.byteCount == report.byteCount)
        #expect(try JSONEncoder().encode(decoded).count == json.count)
    }

    @Test func `a store reports the same however often it is read`() throws {
        for recorder in UInt8(1)...9 { try write([1, 3], recorder: recorder) }
        let damages = try report().damages
        #expect(damages.count == 18)
        for _ in 0..<20 { #expect(try report().damages == damages) }
    }
}
