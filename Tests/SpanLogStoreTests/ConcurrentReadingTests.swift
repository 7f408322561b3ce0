import SpanLogFormat
import SpanLogLMDB
import SpanLogTestSupport
import Synchronization
import Testing

@testable import SpanLogStore

@Suite(.scratchDirectory, .timeLimit(.minutes(10))) struct ConcurrentReadingTests {
    private let store = Scratch.path("store")

    @Test func `a store that is being written is sound, and a prefix of what it will be`()
        async throws
    {
        var options = StoreWriter.Options.forTesting
        options.segmentBytesMax = 2 << 20
        let writer = try StoreWriter(store, options: options)
        let isDone = Atomic(false)
        async let written: Void = {
            for number in 0..<150 {
                writer.append(UInt16(number).bigEndianBytes, start: 1, end: 2)
                if await writer.flush() != nil { Issue.record("not written") }
            }
            isDone.store(true, ordering: .releasing)
        }()
        var counts = [0]
        while !isDone.load(ordering: .acquiring) {
            let content = try StoredContent(store)
            guard content.damages.isEmpty else {
                Issue.record("\(content.damages)")
                break
            }
            #expect(content.sequences == Array(0..<UInt64(content.sequences.count)))
            #expect(content.spans == content.spans.indices.map { UInt16($0).bigEndianBytes })
            counts.append(content.spans.count)
            await Task.yield()
        }
        await written
        #expect(counts == counts.sorted())
        #expect(Set(counts).count > 5, "the reader saw too little of the writer")
        #expect(await writer.shutdown() == nil)
        #expect(try StoredContent(store).spans.count == 150)
    }

    @Test func `what is read of a file is sound until two commits have followed`() async throws {
        let path = Scratch.path("file.mdb")
        let isEnough = Atomic(false)
        async let written: Void = concurrently(1) { _ in
            do {
                try Self.write(20_000, to: path) { isEnough.load(ordering: .acquiring) }
            } catch {
                Issue.record(error)
            }
        }
        var soundCount = 0
        while soundCount < 500 {
            // The writer needs a thread of the pool, too, and there may be only two.
            await Task.yield()
            guard let file = try? ReadOnlyFile(path), try file.byteCount() > 0 else { continue }
            let state = try LMDBFile(file)
            do {
                try state.table("blocks")?.forEachEntry(isReversed: true) { _ in false }
                soundCount += 1
            } catch {
                if try state.isOutdated() { continue }
                Issue.record(error)
                break
            }
        }
        isEnough.store(true, ordering: .releasing)
        await written
    }

    private static func write(
        _ countMax: Int, to path: String, until isEnough: () -> Bool = { false }
    ) throws {
        var options = LMDBEnvironment.Options(mapSizeBytes: 1 << 30)
        options.isLockFree = true
        options.isUnsynced = true
        let environment = try LMDBEnvironment.open(path: path, options: options)
        let block = CraftedBlock().bytes
        for sequence in 0..<UInt64(countMax) where !isEnough() {
            try environment.write { transaction in
                let table = try transaction.table("blocks")
                try transaction.append(block, for: sequence.bigEndianBytes, in: table)
            }
        }
    }
}
