import Glibc

/// The memory of one chunk.
///
/// Whoever has the only reference may write.
@safe final class ChunkMemory: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    let byteCount: Int
    /// What it is a part of, or `nil` for memory of its own.
    private let slab: MemorySlab?

    /// Memory of its own.
    init(byteCount: Int) {
        unsafe start = .allocate(byteCount: max(byteCount, 1), alignment: 16)
        self.byteCount = byteCount
        slab = nil
    }

    fileprivate init(_ slab: MemorySlab, _ range: Range<Int>) {
        // SAFETY: the range lies within the slab, which lives as long as this.
        unsafe start = slab.start + range.lowerBound
        byteCount = range.count
        self.slab = slab
    }

    deinit {
        guard slab != nil else { return unsafe start.deallocate() }
        // The system takes it back at once, although others still use the rest of the slab.
        unsafe madvise(start, byteCount, MADV_DONTNEED)
    }
}

/// Memory for chunks of equal size, which one thread takes.
///
/// It is mapped in large pieces, since the system fills those with pages of 2 MiB where it may: a fault for
/// each 4 KiB took a tenth of a merge.
struct ChunkMemoryPool {
    /// What a chunk has: whole pages.
    let chunkByteCount: Int
    private var slab: MemorySlab?
    private var next = 0

    init(chunkByteCount: Int) {
        self.chunkByteCount = chunkByteCount / Self.pageByteCount * Self.pageByteCount
    }

    /// Memory for a chunk, or more than that if it has to hold `byteCount`.
    mutating func take(atLeast byteCount: Int) -> ChunkMemory {
        guard byteCount <= chunkByteCount else { return ChunkMemory(byteCount: byteCount) }
        if slab.map({ next + chunkByteCount > $0.byteCount }) ?? true {
            slab = MemorySlab(byteCount: max(Self.slabByteCount, chunkByteCount))
            next = 0
        }
        guard let slab else { return ChunkMemory(byteCount: chunkByteCount) }
        defer { next += chunkByteCount }
        return ChunkMemory(slab, next..<next + chunkByteCount)
    }

    private static let pageByteCount = 4096
    private static let slabByteCount = 4 << 20
}

/// Memory from the system.
@safe private final class MemorySlab: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    let byteCount: Int

    /// - Returns: `nil` if the system has none.
    init?(byteCount: Int) {
        let protection = PROT_READ | PROT_WRITE
        guard
            let memory = unsafe mmap(
                nil, byteCount, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            unsafe memory != MAP_FAILED
        else { return nil }
        unsafe start = memory
        self.byteCount = byteCount
        // Where the system cannot do this, it is slower.
        unsafe madvise(memory, byteCount, MADV_HUGEPAGE)
    }

    deinit { unsafe munmap(start, byteCount) }
}
