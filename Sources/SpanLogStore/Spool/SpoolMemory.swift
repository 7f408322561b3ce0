import SpanLogFormat
import Synchronization

/// The memory of a spool, for those who keep its mapping alive.
///
/// A plain value: spans begin and end without counting references to anything that threads share.
@safe
struct SpoolMemory: @unchecked Sendable {
    // Sendable: numbers that several threads use are read and written as atomics; chunks and slots
    // belong to whoever holds their lane's lock.

    let base: UnsafeMutableRawPointer
    let layout: SpoolLayout

    @unsafe
    init(_ base: UnsafeMutableRawPointer, _ layout: SpoolLayout) {
        unsafe self.base = base
        self.layout = layout
    }

    /// The memory from `offset`.
    ///
    /// SAFETY: `offset` comes from ``layout``, and whoever asks stays within what stands there.
    @unsafe
    private func pointer(_ offset: Int) -> UnsafeMutableRawPointer {
        unsafe base + offset
    }

    /// The number at `offset`, which other threads and processes may read meanwhile.
    @unsafe
    func atomic(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        unsafe (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// Copies `bytes` to `offset`. Only for what nobody reads yet.
    func write(_ bytes: [UInt8], at offset: Int) {
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe (base + offset).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
        }
    }

    /// The bytes from `offset`.
    private func bytes(_ offset: Int, count: Int) -> [UInt8] {
        unsafe Array(UnsafeRawBufferPointer(start: base + offset, count: count))
    }
}

// MARK: Slots

extension SpoolMemory {
    @unsafe
    @inline(__always)
    func slotContent(_ slot: Int) -> UnsafeMutablePointer<UInt8> {
        let offset = layout.slotOffset(slot) + SpoolLayout.Slot.content
        return unsafe pointer(offset).assumingMemoryBound(to: UInt8.self)
    }

    @inline(__always)
    func setState(_ slot: Int, _ state: UInt64, isNextUse: Bool = false) {
        let offset = layout.slotOffset(slot) + SpoolLayout.Slot.state
        let word = unsafe atomic(offset)
        let use = unsafe word.pointee.load(ordering: .relaxed) & ~SpoolLayout.Slot.stateMask
        let next = isNextUse ? use &+ SpoolLayout.Slot.nextUse : use
        unsafe word.pointee.store(next | state, ordering: .releasing)
    }

    /// The bytes of the span that is open in `slot`, or `nil` if none is.
    func openContent(_ slot: Int) -> [UInt8]? {
        let offset = layout.slotOffset(slot)
        let state = unsafe atomic(offset + SpoolLayout.Slot.state)
        let word = unsafe state.pointee.load(ordering: .acquiring)
        guard word & SpoolLayout.Slot.stateMask == SpoolLayout.Slot.isOpen else { return nil }
        let number = unsafe atomic(offset + SpoolLayout.Slot.contentByteCount)
        let count = unsafe number.pointee.load(ordering: .acquiring)
        let content = bytes(offset + SpoolLayout.Slot.content, count: Int(count))
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        // The span may have replaced its attributes meanwhile, or another one taken the slot.
        let sound = min(count, unsafe number.pointee.load(ordering: .acquiring))
        guard unsafe state.pointee.load(ordering: .acquiring) == word else { return nil }
        return Array(content.prefix(Int(sound)))
    }
}

// MARK: Chunks

extension SpoolMemory {
    /// The bytes of the largest span that a chunk takes.
    var spanByteCountMax: Int {
        let room =
            layout.chunkByteCount - SpoolLayout.Chunk.entries
            - SpoolLayout.Chunk.indexEntryByteCount
        return room - 1 - Varint.byteCount(room)
    }

    @inline(__always)
    func hasRoom(_ chunk: GatheringChunk, forSpanOf count: Int) -> Bool {
        let index = (chunk.spanCount + 1) * SpoolLayout.Chunk.indexEntryByteCount
        return SpoolLayout.Chunk.entries + chunk.byteCount + Self.entryByteCount(count) + index
            <= layout.chunkByteCount
    }

    /// The bytes of an entry: tag, length, and a span of `count` bytes.
    @inline(__always)
    private static func entryByteCount(_ count: Int) -> Int {
        1 + Varint.byteCount(count) + count
    }

    /// Appends a span to a chunk that has room for it.
    @unsafe
    func write(_ span: UnsafeBufferPointer<UInt8>, to chunk: inout GatheringChunk) {
        let offset = layout.chunkOffset(chunk.index)
        let entry = unsafe pointer(
            offset + SpoolLayout.Chunk.entries + chunk.byteCount)
        var writer = unsafe RawWriter(entry.assumingMemoryBound(to: UInt8.self))
        unsafe writer.byte(FieldTag.entry)
        unsafe writer.varint(UInt64(span.count))
        unsafe writer.bytes(span)

        let count = Self.entryByteCount(span.count)
        chunk.byteCount += count
        chunk.spanCount += 1
        let index = unsafe pointer(
            offset + layout.chunkByteCount
                - chunk.spanCount * SpoolLayout.Chunk.indexEntryByteCount)
        let checksum = unsafe Checksum.ofEntry(
            UnsafeRawBufferPointer(start: entry, count: count), sequence: chunk.sequence)
        unsafe index.storeBytes(
            of: UInt64(checksum) << 32 | UInt64(chunk.byteCount), as: UInt64.self)

        // Only now does the entry count: a process that dies before loses this span alone.
        let extent = UInt64(chunk.spanCount) << 32 | UInt64(chunk.byteCount)
        unsafe atomic(offset + SpoolLayout.Chunk.extent).pointee
            .store(extent, ordering: .releasing)
    }

    /// The entries of a chunk.
    func entries(ofChunk index: Int, byteCount: Int) -> [UInt8] {
        bytes(
            layout.chunkOffset(index) + SpoolLayout.Chunk.entries, count: byteCount)
    }
}
