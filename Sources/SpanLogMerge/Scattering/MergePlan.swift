/// How a merge divides its memory.
struct MergePlan: Sendable {
    /// A power of two.
    let partitionCount: Int
    let threadCount: Int
    /// What a chunk of a partition may gather on one thread before it is full.
    let chunkBytesMax: Int
    /// What full chunks may take in memory.
    let heldBytesMax: Int
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
    ///   - recordsByteCount: What the records of the input are likely to take.
    ///   - memoryByteCount: What the merge may use.
    init(recordsByteCount: UInt64, memoryByteCount: Int, threadCount: Int) {
        self.threadCount = threadCount
        // A partition is read whole, and its archive is made beside it, by each thread.
        partitionBytesMax = min(max(memoryByteCount / 8 / threadCount, 1 << 16), 1 << 30)
        // Many small partitions cost more where records are sorted into them than they save where they
        // are joined.
        let wanted = recordsByteCount / UInt64(min(partitionBytesMax / 2, 10 << 20)) + 1
        var count = 16
        while count < 1024, UInt64(count) < wanted { count *= 2 }
        partitionCount = count
        shift = UInt64(64 - count.trailingZeroBitCount)
        chunkBytesMax = min(max(memoryByteCount / 8 / threadCount / count, 1 << 12), 1 << 20)
        heldBytesMax = memoryByteCount / 2
        producerBytesMax = max(memoryByteCount / 32 / threadCount, 1 << 16)
        indexBytesMax = max(memoryByteCount / 16, 1 << 16)
        clockFactsBytesMax = max(memoryByteCount / 64 / threadCount, 1 << 16)
    }

    @inline(__always)
    func partition(of record: Record) -> Int {
        Int(truncatingIfNeeded: record.order >> shift)
    }
}
