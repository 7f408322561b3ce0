import Foundation
import Glibc
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

/// A rescue takes everything intact, and changes nothing where it takes it from.
@Suite(.scratchDirectory, .timeLimit(.minutes(2))) struct SalvageTests {
    private let store = Scratch.path("store")
    private let output = Scratch.path("rescued")

    private static func blocks(_ count: Int, recorder: UInt8 = 1) -> [CraftedBlock] {
        var random = RandomSpans(seed: UInt64(recorder))
        return (0..<UInt64(count)).map {
            var block = CraftedBlock(recorder: recorder, sequence: $0, random.next(3))
            block.drops.bufferFull = $0
            return block
        }
    }

    /// What a block is, wherever it stands.
    private struct Found: Hashable {
        let header: BlockHeader
        let holdsOpenSpans: Bool
        let payload: [UInt8]
    }

    private static func found(_ path: String) throws -> (
        blocks: [Found: Int], damages: [Store.Damage]
    ) {
        var blocks: [Found: Int] = [:]
        let damages = try Store(path).forEachBlock { block, _ in
            var header = block.header
            // A spool's content is compressed when it becomes a block.
            header.codec = .none
            header.storedByteCount = 0
            let found = Found(
                header: header, holdsOpenSpans: block.holdsOpenSpans,
                payload: Array(block.bytes[block.payload]))
            blocks[found, default: 0] += 1
        }
        return (blocks, damages)
    }

    private func content() throws -> [String: Data] {
        var content: [String: Data] = [:]
        for name in try FileSystem.entries(of: store) {
            content[name] = try Data(contentsOf: URL(filePath: "\(store)/\(name)"))
        }
        return content
    }

    @Test func `of a sound store, every block is there again as it was`() async throws {
        let living = Scratch.path("living")
        let writer = try StoreWriter(living, recorder: 3)
        var random = RandomSpans(seed: 5)
        for span in random.next(20) { writer.append(span) }
        #expect(await writer.flush() == nil)
        for span in random.next(20) { writer.append(span) }
        var draft = writer.spool.lanes[0].begin(
            SpanDraft.Head(
                traceID: TraceID(high: 1, low: 2), spanID: SpanID(3), parentSpanID: nil, flags: 1,
                kind: .internal, startNanoseconds: 5), name: "open")
        try FileManager.default.copyItem(atPath: living, toPath: store)
        writer.spool.lanes[0].end(&draft, at: 9, start: 5)
        #expect(await writer.shutdown() == nil)
        try CraftedBlock.write(Self.blocks(30), toStore: store)
        var removals = StoreRemovals()
        removals.add([
            .init(recorderID: .testing(8), first: 0, blockCount: 4, removedNanoseconds: 7)
        ])
        try removals.write(to: StoreDirectory(path: store))

        let (before, files) = (try Self.found(store), try content())
        let report = try StoreSalvager(store, output: output).run()
        #expect(report.isComplete && report.lostBlockCount == 0)
        #expect(report.rescued.blockCount == 32 && report.rescued.openSpanCount == 1)
        #expect(report.rescued.spanCount == 130)
        #expect(try Self.found(output).blocks == before.blocks)
        #expect(try StoreRemovals(StoreDirectory(path: output)) == removals)
        #expect(StoreReport(try Store(output)).isSound)
        #expect(try content() == files)
        #expect(try FileSystem.entries(of: output).count == 3)
    }

    @Test func `of a damaged store, what is intact is there and what is lost is named`() throws {
        try CraftedBlock.write(Self.blocks(60), toStore: store)
        try CraftedBlock.write(Self.blocks(4, recorder: 2), toStore: store)
        let path = try Store(store).segmentPaths[0]
        var file = try SegmentFile(path)
        for page in file.treePages { file.zero(page: page) }
        for sequence in [UInt64(7), 8, 20] {
            file.bytes[file.places[sequence]!.lowerBound + 300] ^= 1
        }
        try file.write(to: path)
        let (before, files) = (try Self.found(store), try content())
        let report = try StoreSalvager(store, output: output).run()
        #expect(!report.isComplete && report.lostBlockCount == 3)
        #expect(report.rescued.blockCount == 61)
        let named = report.source.damages.filter { $0.byteOffset != nil }.map(\.sequence)
        #expect(Set(named).isSuperset(of: [7, 8, 20]))
        #expect(try Self.found(output).blocks == before.blocks)
        // The files are sound, and what is missing stays missing.
        let written = StoreReport(try Store(output))
        #expect(written.damages.map(\.sequence) == [7, 20])
        #expect(try content() == files)
    }

    @Test func `different blocks of one name are all kept, and counted beyond a limit`() throws {
        let count = SalvagedSegments.sameNameMax + 2
        for segment in 0..<count {
            var block = CraftedBlock(sequence: 0)
            block.service = "life \(segment)"
            try CraftedBlock.write(
                [block, CraftedBlock(sequence: 1)], toStore: store, segment: segment)
        }
        let report = try StoreSalvager(store, output: output).run()
        #expect(try Self.found(output).blocks.count == SalvagedSegments.sameNameMax + 1)
        #expect(report.source.damages.map(\.sequence) == [0, 0] && !report.isComplete)
    }

    @Test func `segments are finished at their size`() throws {
        try CraftedBlock.write(Self.blocks(40), toStore: store)
        var salvager = try StoreSalvager(store, output: output)
        salvager.segmentByteCount = 40_000
        _ = try salvager.run()
        #expect(try Store(output).segmentPaths.count >= 4)
        #expect(try Self.found(output).blocks == Self.found(store).blocks)
    }

    @Test func `a directory that holds something, or lies in the store, is refused`() throws {
        try CraftedBlock.write(Self.blocks(1), toStore: store)
        try FileSystem.createDirectory(output)
        try FileSystem.replaceFile("\(output)/something", with: [1])
        for path in [output, store, "\(store)/below", "\(store)/below/below"] {
            let error = #expect(throws: StoreError.self) {
                try StoreSalvager(store, output: path)
            }
            #expect(error?.message.contains(path) == true)
        }
        #expect(try FileSystem.entries(of: store).count == 2)
    }

    @Test func `a store that cannot be written is read`() async throws {
        try CraftedBlock.write(Self.blocks(5), toStore: store)
        let folder = Scratch.path("")
        await #expect(processExitsWith: .success) {
            [store = store as String, output = output as String, folder = folder as String] in
            chmod(store, 0o555)
            for name in try FileSystem.entries(of: store) { chmod("\(store)/\(name)", 0o444) }
            chmod(folder, 0o777)
            // The superuser may write everywhere, so the child becomes somebody else.
            if geteuid() == 0 { setuid(65_534) }
            let report = try StoreSalvager(store, output: output).run()
            exit(report.isComplete && report.rescued.blockCount == 5 ? 0 : 2)
        }
        chmod(store, 0o700)
    }
}
