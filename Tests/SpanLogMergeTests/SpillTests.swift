import Dispatch
import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport
import Synchronization
import Testing

@testable import SpanLogMerge

/// Temporary space: what comes out is what went in, and it grows no larger than it has to.
@Suite(.scratchDirectory) struct SpillTests {
    private func space() throws -> SpillSpace {
        try FileSystem.createDirectory(Scratch.path("temporary"))
        return SpillSpace(in: Scratch.path("temporary"), heldBytesMax: 0)
    }

    @Test(arguments: [0, 1, 56, 4096, 5 << 20])
    func `a chunk is read as it was written`(byteCount: Int) throws {
        let space = try space()
        var random = SeededGenerator(seed: UInt64(byteCount))
        let content = (0..<byteCount).map { _ in UInt8(truncatingIfNeeded: random.next() as UInt64) }
        let chunk = Self.chunk(content)
        try space.withFile(of: SpillArea()) { file in
            let spilled = try SpilledChunk(chunk, in: file)
            #expect(spilled.textByteCount == byteCount && spilled.recordCount == 1)
            let read = try spilled.read()
            read.withRecords { records, texts in
                #expect(Array(texts) == content)
                #expect(records.map(\.spanID) == [42])
                #expect(records.map(\.nameCount) == [UInt32(byteCount)])
            }
            #expect(read.ownProducers.isEmpty)
        }
    }

    private static func chunk(_ content: [UInt8]) -> PartitionChunk {
        var chunk = PartitionChunk()
        var record = Record.none
        record.spanID = 42
        record.nameCount = UInt32(content.count)
        var pool = ChunkMemoryPool(chunkByteCount: 4096)
        chunk.makeRoom(textByteCount: content.count, from: &pool)
        content.withUnsafeBytes { name in
            chunk.append(record, name: name, called: UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return chunk
    }

    private static func spill(
        _ count: Int, _ byteCount: Int, in area: SpillArea, _ space: SpillSpace
    ) throws -> PartitionData.Source {
        var source = PartitionData.Source(area: area)
        for _ in 0..<count {
            var chunk = chunk([UInt8](repeating: 1, count: byteCount))
            try space.take(&chunk, to: &source)
        }
        return source
    }

    @Test func `partitions that are joined leave their space to others`() throws {
        let space = try space()
        for _ in 0..<10 {
            let area = SpillArea()
            var sources = try (0..<2).map { _ in try Self.spill(10, 100_000, in: area, space) }
            for index in sources.indices { space.free(&sources[index]) }
        }
        #expect(space.byteCountMax > 2_000_000 && space.byteCountMax < 2_100_000)
    }

    @Test func `a partition that is divided takes little more than once its space`() throws {
        let space = try space()
        let (plan, count) = (
            MergePlan(recordsByteCount: 1, memoryByteCount: 512 << 20, threadCount: 1), 64
        )
        let area = SpillArea()
        let halves = Mutex<[PartitionData.Source]>([])
        DispatchQueue.concurrentPerform(iterations: 2) { _ in
            let half = try? Self.spill(count / 2, 1 << 20, in: area, space)
            halves.withLock { $0 += half.map { [$0] } ?? [] }
        }
        var source = halves.withLock { $0.reduce(PartitionData.Source(), +) }
        let division = PartitionDivision(plan, space, usedBits: 4)
        let parts = try division.divide(&source)
        #expect(parts.reduce(0) { $0 + $1.recordCount } == count)
        // The divided one is given back in pieces of 16 MiB, and the last of them with its file.
        #expect(space.byteCountMax < (count + 36) << 20)
    }
}
