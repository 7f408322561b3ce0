import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge

/// Temporary space: what comes out is what went in, and it grows no larger than it has to.
@Suite(.scratchDirectory) struct SpillTests {
    private let compressor = ChunkCompressor()

    private func space() throws -> SpillSpace {
        try FileSystem.createDirectory(Scratch.path("temporary"))
        return SpillSpace(in: Scratch.path("temporary"), heldBytesMax: 0)
    }

    @Test(arguments: [0, 1, 7, 4096, 5 << 20], [false, true])
    func `an array is read as it was written`(count: Int, isCompressible: Bool) throws {
        let space = try space()
        var random = SeededGenerator(seed: UInt64(count))
        let array = (0..<count).map { isCompressible ? UInt64($0 / 100) : random.next() }
        try space.withFile(of: SpillArea()) { file in
            let spilled = try [compressor, nil].map { try SpilledArray(array, in: file, with: $0) }
            for spilled in spilled {
                #expect(Int(spilled.byteCount) == count * 8)
                var read = [UInt64](repeating: 1, count: count + 2)
                try spilled.read(from: file, into: &read, at: 1)
                #expect(read == [1] + array + [1])
            }
            let isSmaller = spilled[0].place.byteCount < spilled[1].place.byteCount
            #expect(isSmaller == (isCompressible && [7, 4096].contains(count)))
        }
    }

    /// A chunk of `byteCount` bytes or a little more.
    private func chunk(_ byteCount: Int) -> PartitionChunk {
        var chunk = PartitionChunk()
        var record = Record.none
        record.byteCount = UInt32(byteCount)
        chunk.append(record, [UInt8](repeating: 1, count: byteCount)[...])
        return chunk
    }

    private func spill(
        _ count: Int, _ byteCount: Int, in area: SpillArea, _ space: SpillSpace
    ) throws -> PartitionData.Source {
        var source = PartitionData.Source(area: area)
        for _ in 0..<count {
            var chunk = chunk(byteCount)
            try space.take(&chunk, to: &source, with: nil)
        }
        return source
    }

    @Test func `partitions that are joined leave their space to others`() throws {
        let space = try space()
        for _ in 0..<10 {
            let area = SpillArea()
            var sources = try (0..<2).map { _ in try spill(10, 100_000, in: area, space) }
            for index in sources.indices { space.free(&sources[index]) }
        }
        #expect(space.byteCountMax > 2_000_000 && space.byteCountMax < 2_100_000)
    }

    @Test func `a partition that is divided takes little more than once its space`() throws {
        let space = try space()
        let (plan, count) = (
            MergePlan(inputByteCount: 1, memoryByteCount: 512 << 20, threadCount: 1), 64
        )
        var source = try spill(count, 1 << 20, in: SpillArea(), space)
        let division = PartitionDivision(plan, space, usedBits: 4)
        let parts = try division.divide(&source)
        #expect(parts.reduce(0) { $0 + $1.recordCount } == count)
        // The divided one is given back in pieces of 16 MiB, and the last of them with its file.
        #expect(space.byteCountMax < (count + 36) << 20)
    }
}
