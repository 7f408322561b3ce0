import Glibc

/// The memory of one chunk: its records from the beginning, and their texts from the end backwards.
///
/// Whoever has the only reference may write.
@safe final class ChunkMemory: @unchecked Sendable {
    private let start: UnsafeMutableRawPointer
    let byteCount: Int
    /// What it is a part of, or `nil` for memory of its own.
    private let slab: MemorySlab?

    private static let stride = MemoryLayout<Record>.stride

    /// Memory of its own.
    init(byteCount: Int) {
        unsafe start = .allocate(byteCount: max(byteCount, 1), alignment: 16)
        self.byteCount = byteCount
        slab = nil
    }

    fileprivate init(_ slab: MemorySlab, _ range: Range<Int>) {
        precondition(range.upperBound <= slab.byteCount)
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

    /// Stores a record behind `index` others, and its texts in front of `textByteCount` bytes of others.
    ///
    /// - Precondition: There is room.
    @inline(__always)
    func store(
        _ record: Record, at index: Int, name: borrowing Span<UInt8>,
        called: borrowing Span<UInt8>, before textByteCount: Int
    ) {
        let textStart = byteCount - textByteCount - name.count - called.count
        precondition((index + 1) * Self.stride <= textStart)
        // SAFETY: the texts end where others begin, and they begin behind the record.
        unsafe name.withUnsafeBytes { name in
            unsafe UnsafeMutableRawBufferPointer(start: start + textStart, count: name.count)
                .copyMemory(from: name)
        }
        let calledStart = textStart + name.count
        unsafe called.withUnsafeBytes { called in
            unsafe UnsafeMutableRawBufferPointer(start: start + calledStart, count: called.count)
                .copyMemory(from: called)
        }
        unsafe (start + index * Self.stride).storeBytes(of: record, as: Record.self)
    }

    /// Calls `body` with the first records and the last bytes.
    ///
    /// - Precondition: So many were stored.
    @inline(__always)
    func with<Result>(
        recordCount: Int, textByteCount: Int,
        _ body: (Span<Record>, _ texts: Span<UInt8>) throws -> Result
    ) rethrows -> Result {
        precondition(recordCount * Self.stride + textByteCount <= byteCount)
        // SAFETY: the precondition keeps both within the memory, which lives while `body` runs.
        let records = unsafe UnsafeBufferPointer(
            start: UnsafePointer(start.assumingMemoryBound(to: Record.self)), count: recordCount)
        let texts = unsafe UnsafeBufferPointer(
            start: UnsafePointer(
                (start + byteCount - textByteCount).assumingMemoryBound(to: UInt8.self)),
            count: textByteCount)
        return try unsafe body(records.span, texts.span)
    }

    /// Calls `body` with all of it, whatever it holds.
    func withBytes<Result>(_ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
        // SAFETY: the buffer is the memory, which lives while `body` runs. Any bytes are bytes.
        let bytes = unsafe UnsafeBufferPointer(
            start: UnsafePointer(start.assumingMemoryBound(to: UInt8.self)), count: byteCount)
        return try unsafe body(bytes.span)
    }

    /// Copies the last bytes over those of `bytes` from `offset` on.
    func copyTexts(_ textByteCount: Int, over bytes: inout [UInt8], at offset: Int) {
        precondition(textByteCount <= byteCount && offset + textByteCount <= bytes.count)
        // SAFETY: the precondition keeps both within their memory.
        unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe UnsafeMutableRawBufferPointer(
                rebasing: bytes[offset..<offset + textByteCount]
            ).copyMemory(
                from: UnsafeRawBufferPointer(
                    start: start + byteCount - textByteCount, count: textByteCount))
        }
    }

    /// Calls `body` with all of it, to be filled.
    func fill(_ body: (inout MutableRawSpan) throws -> Void) rethrows {
        // SAFETY: the buffer is the memory, which lives while `body` runs.
        let buffer = unsafe UnsafeMutableRawBufferPointer(start: start, count: byteCount)
        var bytes = unsafe buffer.mutableBytes
        try body(&bytes)
    }
}

/// Memory for chunks of equal size, which one thread takes.
///
/// It is mapped in large pieces, since the system fills those with pages of 2 MiB where it may: a fault for
/// each 4 KiB took a tenth of a merge.
struct ChunkMemoryPool {
    /// What a chunk has: whole pages.
    private let chunkByteCount: Int
    private var slab: MemorySlab?
    private var next = 0

    init(chunkByteCount: Int) {
        self.chunkByteCount = max(1, chunkByteCount / Self.pageByteCount) * Self.pageByteCount
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
