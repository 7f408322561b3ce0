/// How a merge divides its memory.
struct MergePlan: Sendable {
    /// A power of two.
    let partitionCount: Int
    let threadCount: Int
    /// What a chunk of a partition may gather on one thread before it is full.
    let chunkBytesMax: Int
    /// What full chunks may take in memory.
    let heldBytesMax: Int
    /// Whether so much goes through temporary space that the disk is slower than compressing it.
    let compressesSpills: Bool
    /// What may be remembered of producers, and by each thread of those beyond.
    let producerBytesMax: Int
    /// A partition with more is divided again.
    let partitionBytesMax: Int
    /// What the summaries of traces may take before they are written.
    let indexBytesMax: Int
    /// What a thread may hold back of what it finds out about clocks.
    let clockFactsBytesMax: Int
    private let shift: UInt64

    /// The bits of a record's order that decide its partition.
    var partitionBits: UInt64 { 64 - shift }

    /// - Parameters:
    ///   - inputByteCount: What the input is likely to hold, decompressed.
    ///   - memoryByteCount: What the merge may use.
    init(inputByteCount: UInt64, memoryByteCount: Int, threadCount: Int) {
        self.threadCount = threadCount
        // A partition is read whole, and its archive is made beside it, by each thread.
        partitionBytesMax = max(memoryByteCount / 8 / threadCount, 1 << 16)
        // Small partitions are joined within the processor's cache.
        let wanted = inputByteCount / UInt64(min(partitionBytesMax / 2, 4 << 20)) + 1
        var count = 16
        while count < 1024, UInt64(count) < wanted { count *= 2 }
        partitionCount = count
        shift = UInt64(64 - count.trailingZeroBitCount)
        // The system keeps in memory what is written to disk, and need not write what is free again soon.
        compressesSpills = inputByteCount / UInt64(memoryByteCount) >= 4
        // Of a large input, next to nothing has room in memory; larger chunks are better off.
        let chunksByteCount = compressesSpills ? memoryByteCount / 4 : memoryByteCount / 8
        chunkBytesMax = min(max(chunksByteCount / threadCount / count, 1 << 12), 1 << 20)
        heldBytesMax = compressesSpills ? memoryByteCount / 8 : memoryByteCount / 2
        producerBytesMax = max(memoryByteCount / 32 / threadCount, 1 << 16)
        indexBytesMax = max(memoryByteCount / 16, 1 << 16)
        clockFactsBytesMax = max(memoryByteCount / 64 / threadCount, 1 << 16)
    }

    /// What a thread compresses with what has no room in memory, or `nil`.
    func makeSpillCompressor() -> ChunkCompressor? {
        compressesSpills ? ChunkCompressor(level: Self.spillLevel) : nil
    }

    /// As zstd knows it: against level 1, half of the time for a sixth more bytes.
    private static let spillLevel: Int32 = -4

    @inline(__always)
    func partition(of record: Record) -> Int {
        Int(truncatingIfNeeded: record.order >> shift)
    }
}
