import Glibc
import SpanLogFormat
import Synchronization

/// A recorder's memory that survives its process: spans that have ended and are in no block yet,
/// and the spans that are open.
///
/// A span that ends is copied into a chunk under one short lock, without a system call. Each chunk
/// becomes one block, and knows from its first span which sequence number that block will have: a
/// reader that finds the block in a segment ignores the chunk, and one that does not takes it.
package final class Spool: Sendable {
    private let mapping: SpoolMapping
    private let sealer: BlockSealer
    private let directory: StoreDirectory
    private let spanBytesMax: Int
    private let shards: [SpoolShard]
    private let freeChunks: Mutex<[Int]>
    private let freeSlots: Mutex<[Int32]>
    private let fullChunks = Mutex<[GatheringChunk]>([])
    /// Spans that are larger than a chunk, each in a file of its own, and their bytes.
    private let largeBatches = Mutex<[SpanBatch]>([])
    private let largeByteCount = Atomic(0)
    private let nextSequence = Atomic<UInt64>(0)
    /// How many shards are in use: one, and more as soon as threads meet in it.
    private let shardCount = Atomic<Int>(1)
    private let fullChunkObserver = Mutex<(@Sendable () -> Void)?>(nil)

    private static let shardCountMax = 16
    /// How many slots a shard takes from the others, or gives back, at a time.
    private static let slotBatch = 64

    /// How large a spool is.
    package struct Options: Sendable {
        package var chunkByteCount = 1 << 20
        package var chunkCount = 32
        /// How many open spans survive the process.
        package var slotCount = 8192
        /// The bytes of the largest span, and of all the spans that are larger than a chunk and
        /// wait for the disk.
        package var spanBytesMax = 256 << 20

        package init() {}
    }

    /// Makes a spool in `directory`.
    init(
        in directory: StoreDirectory, _ sealer: BlockSealer, options: Options
    ) throws(SystemError) {
        let layout = SpoolLayout(
            chunkCount: options.chunkCount, chunkByteCount: options.chunkByteCount,
            slotCount: options.slotCount, resourceByteCount: sealer.resource.count,
            scopeByteCount: sealer.scope.count)
        let name = StoreDirectory.spoolName(of: sealer.recorderID)
        mapping = try SpoolMapping(creating: directory.filePath(name), layout: layout)
        self.sealer = sealer
        self.directory = directory
        spanBytesMax = options.spanBytesMax
        shards = (0..<Self.shardCountMax).map { _ in SpoolShard() }
        freeChunks = Mutex(Array((0..<layout.chunkCount).reversed()))
        freeSlots = Mutex((0..<Int32(layout.slotCount)).reversed())
        mapping.writeHeader(
            recorderID: sealer.recorderID, bootID: sealer.bootID, resource: sealer.resource,
            scope: sealer.scope)
        beat()
    }

    /// Called when a chunk has become full, on the thread that filled it.
    func observeFullChunks(_ observer: @escaping @Sendable () -> Void) {
        fullChunkObserver.withLock { $0 = observer }
    }

    /// Removes the file. Only for a spool whose spans are all in blocks.
    func remove() {
        try? FileSystem.removeFile(mapping.path)
    }
}

// MARK: Open spans

extension Spool {
    /// A draft for a span that starts.
    package func draft() -> SpanDraft {
        SpanDraft(spool: self, slot: takeSlot())
    }

    private func takeSlot() -> Int? {
        let slot = withShard { shard -> Int32? in
            if shard.freeSlots.isEmpty { refillSlots(&shard) }
            return shard.freeSlots.popLast()
        }
        if slot == nil { count(.openTableFull) }
        return slot.map(Int.init)
    }

    private func refillSlots(_ shard: inout SpoolShard.State) {
        freeSlots.withLock { free in
            shard.freeSlots += free.suffix(Self.slotBatch)
            free.removeLast(min(Self.slotBatch, free.count))
        }
    }

    private func returnSlot(_ slot: Int, _ shard: inout SpoolShard.State) {
        shard.freeSlots.append(Int32(slot))
        guard shard.freeSlots.count > 2 * Self.slotBatch else { return }
        freeSlots.withLock { $0 += shard.freeSlots.suffix(Self.slotBatch) }
        shard.freeSlots.removeLast(Self.slotBatch)
    }

    @unsafe
    func slotContent(_ slot: Int) -> UnsafeMutablePointer<UInt8> {
        let offset = mapping.layout.slotOffset(slot) + SpoolLayout.Slot.content
        return unsafe mapping.pointer(offset).assumingMemoryBound(to: UInt8.self)
    }

    func open(_ slot: Int) {
        setState(slot, SpoolLayout.Slot.isOpen, isNextUse: true)
    }

    private func setState(_ slot: Int, _ state: UInt64, isNextUse: Bool = false) {
        let offset = mapping.layout.slotOffset(slot) + SpoolLayout.Slot.state
        let word = unsafe mapping.atomic(offset)
        let use = unsafe word.pointee.load(ordering: .relaxed) & ~SpoolLayout.Slot.stateMask
        let next = isNextUse ? use &+ SpoolLayout.Slot.nextUse : use
        unsafe word.pointee.store(next | state, ordering: .releasing)
    }

    private func discard(slot: Int?) {
        guard let slot else { return }
        setState(slot, SpoolLayout.Slot.isFree)
        withShard { returnSlot(slot, &$0) }
    }

    /// Records a span that can never end as unfinished, and frees its slot.
    func abandon(_ draft: borrowing SpanDraft) {
        let now = Clocks.realtime()
        let span = UnfinishedSpan.span(draft.bytes, lastSeenNanoseconds: now)
        unsafe span.withUnsafeBufferPointer { span in
            unsafe append(span, slot: draft.slot, start: now, end: now)
        }
    }
}

// MARK: Ended spans

extension Spool {
    /// Takes the bytes of an OTLP `Span` that has ended, or counts why it could not, and frees its
    /// slot.
    func append(_ span: [UInt8], start: UInt64, end: UInt64) {
        unsafe span.withUnsafeBufferPointer { unsafe append($0, slot: nil, start: start, end: end) }
    }

    /// As the other, of a span that was open in `slot`, which is free afterwards.
    @unsafe
    func append(_ span: UnsafeBufferPointer<UInt8>, slot: Int?, start: UInt64, end: UInt64) {
        if let slot { setState(slot, SpoolLayout.Slot.isEnding) }
        guard span.count <= spanBytesMax else {
            count(.tooLarge)
            return discard(slot: slot)
        }
        guard Self.entryByteCount(span.count) <= entryByteCountMax else {
            unsafe appendLarge(Array(span), start: start, end: end)
            return discard(slot: slot)
        }
        let isFull = withShard { shard in
            defer {
                if let slot {
                    setState(slot, SpoolLayout.Slot.isFree)
                    returnSlot(slot, &shard)
                }
            }
            return unsafe append(span, start: start, end: end, to: &shard)
        }
        if isFull { fullChunkObserver.withLock { $0 }?() }
    }

    /// - Returns: Whether a chunk has become full.
    private func append(
        _ span: UnsafeBufferPointer<UInt8>, start: UInt64, end: UInt64,
        to shard: inout SpoolShard.State
    ) -> Bool {
        let entryCount = Self.entryByteCount(span.count)
        var isFull = false
        guard !shard.isClosed else {
            count(.afterShutdown)
            return false
        }
        if let chunk = shard.chunk, !hasRoom(chunk, for: entryCount) {
            fullChunks.withLock { $0.append(chunk) }
            shard.chunk = nil
            isFull = true
        }
        if shard.chunk == nil { shard.chunk = takeChunk() }
        guard shard.chunk != nil else {
            count(.bufferFull)
            return isFull
        }
        unsafe write(span, to: &shard.chunk!)
        shard.chunk!.earliestNanoseconds = min(shard.chunk!.earliestNanoseconds, start)
        shard.chunk!.latestNanoseconds = max(shard.chunk!.latestNanoseconds, end)
        return isFull
    }

    private func write(
        _ span: UnsafeBufferPointer<UInt8>, to chunk: inout GatheringChunk
    ) {
        let offset = mapping.layout.chunkOffset(chunk.index)
        let entry = unsafe mapping.pointer(
            offset + SpoolLayout.Chunk.entries + chunk.byteCount)
        var writer = unsafe RawWriter(entry.assumingMemoryBound(to: UInt8.self))
        unsafe writer.byte(FieldTag.entry)
        unsafe writer.varint(UInt64(span.count))
        unsafe writer.bytes(span)

        let count = Self.entryByteCount(span.count)
        chunk.byteCount += count
        chunk.spanCount += 1
        let index = unsafe mapping.pointer(
            offset + mapping.layout.chunkByteCount
                - chunk.spanCount * SpoolLayout.Chunk.indexEntryByteCount)
        let checksum = unsafe Checksum.ofEntry(
            UnsafeRawBufferPointer(start: entry, count: count), sequence: chunk.sequence)
        unsafe index.storeBytes(
            of: UInt64(checksum) << 32 | UInt64(chunk.byteCount), as: UInt64.self)

        // Only now does the entry count: a process that dies before loses this span alone.
        let extent = UInt64(chunk.spanCount) << 32 | UInt64(chunk.byteCount)
        unsafe mapping.atomic(offset + SpoolLayout.Chunk.extent).pointee
            .store(extent, ordering: .releasing)
    }

    private func hasRoom(_ chunk: GatheringChunk, for entryCount: Int) -> Bool {
        let index = (chunk.spanCount + 1) * SpoolLayout.Chunk.indexEntryByteCount
        return SpoolLayout.Chunk.entries + chunk.byteCount + entryCount + index
            <= mapping.layout.chunkByteCount
    }

    /// The bytes of an entry: tag, length, and a span of `count` bytes.
    private static func entryByteCount(_ count: Int) -> Int {
        1 + Varint.byteCount(count) + count
    }

    /// The bytes of the largest entry that a chunk takes.
    private var entryByteCountMax: Int {
        mapping.layout.chunkByteCount - SpoolLayout.Chunk.entries
            - SpoolLayout.Chunk.indexEntryByteCount
    }

    private func takeChunk() -> GatheringChunk? {
        guard let index = freeChunks.withLock({ $0.popLast() }) else { return nil }
        let sequence = nextSequence.wrappingAdd(1, ordering: .relaxed).oldValue
        let offset = mapping.layout.chunkOffset(index) + SpoolLayout.Chunk.sequence
        unsafe mapping.atomic(offset).pointee.store(sequence + 1, ordering: .releasing)
        return GatheringChunk(index: index, sequence: sequence)
    }
}

// MARK: Large spans

extension Spool {
    /// Records a span that is larger than a chunk: as a block in a file of its own, written by the
    /// thread that ends the span, so that the others wait for nothing.
    private func appendLarge(_ span: [UInt8], start: UInt64, end: UInt64) {
        let entry = UnfinishedSpan.entry(span, lastSeenNanoseconds: 0)
        guard reserveLarge(entry.count) else { return count(.bufferFull) }
        let summary = BlockSealer.Summary(
            sequence: takeSequence(), spanCount: 1, earliestNanoseconds: start,
            latestNanoseconds: end)
        let block = sealer.sealed(entry, summary, drops: drops)
        largeByteCount.wrappingAdd(block.count - entry.count, ordering: .relaxed)
        let path = directory.filePath(
            StoreDirectory.blockName(sealer.recorderID, summary.sequence))
        // If there is no room for the file, the span still has a chance to reach a segment.
        try? FileSystem.replaceFile(path, with: block)
        let batch = SpanBatch(summary: summary, source: .file(path, block: block))
        let isTaken = withShard { shard in
            guard !shard.isClosed else { return false }
            largeBatches.withLock { $0.append(batch) }
            return true
        }
        if isTaken {
            fullChunkObserver.withLock { $0 }?()
        } else {
            count(.afterShutdown)
            release(batch)
        }
    }

    private func reserveLarge(_ byteCount: Int) -> Bool {
        let before = largeByteCount.wrappingAdd(byteCount, ordering: .relaxed).oldValue
        guard before > 0, before + byteCount > spanBytesMax else { return true }
        largeByteCount.wrappingSubtract(byteCount, ordering: .relaxed)
        return false
    }
}

// MARK: For the writer

extension Spool {
    /// What is to be written, by sequence: what is full, and at the caller's wish what is still
    /// gathering.
    ///
    /// What is gathering under a lesser number than something full comes along, so that what is in
    /// the segments is always the beginning of what will be.
    func take(includingCurrent: Bool) -> [SpanBatch] {
        // The shards before what is full: a chunk that was in one of them is then in either.
        var taken = takeGathering(before: includingCurrent ? .max : 0) + takeFull()
        let last = taken.map(\.summary.sequence).max() ?? 0
        taken += takeGathering(before: last)
        return taken.sorted { $0.summary.sequence < $1.summary.sequence }
    }

    private func takeGathering(before sequence: UInt64) -> [SpanBatch] {
        shards.compactMap { shard in
            shard.state.withLock { shard in
                guard let chunk = shard.chunk, chunk.sequence < sequence else { return nil }
                shard.chunk = nil
                return SpanBatch(chunk)
            }
        }
    }

    private func takeFull() -> [SpanBatch] {
        let chunks = fullChunks.withLock { full in
            defer { full = [] }
            return full
        }
        let large = largeBatches.withLock { large in
            defer { large = [] }
            return large
        }
        return chunks.map(SpanBatch.init) + large
    }

    /// The block of a batch that was taken.
    func block(of batch: SpanBatch, drops: DropCounters) -> [UInt8] {
        switch batch.source {
        case .chunk(let index, let byteCount):
            let offset = mapping.layout.chunkOffset(index) + SpoolLayout.Chunk.entries
            let entries = mapping.bytes(offset, count: byteCount)
            return sealer.sealed(entries, batch.summary, drops: drops)
        case .file(_, let block): return block
        case .memory(let entries): return sealer.sealed(entries, batch.summary, drops: drops)
        }
    }

    /// Makes room again, once the block of a batch is durable.
    func release(_ batch: SpanBatch) {
        switch batch.source {
        case .chunk(let index, _): releaseChunk(index)
        case .file(let path, let block):
            try? FileSystem.removeFile(path)
            largeByteCount.wrappingSubtract(block.count, ordering: .relaxed)
        case .memory: break
        }
    }

    /// Counts what is lost with a batch that the writer ends without having written: a large span
    /// whose file could not be made. Everything else stays in the spool.
    func giveUp(_ batch: SpanBatch) {
        guard case .file(let path, _) = batch.source else { return }
        if (try? FileSystem.kind(of: path)) ?? nil == nil { count(.writeFailed) }
    }

    private func releaseChunk(_ index: Int) {
        let offset = mapping.layout.chunkOffset(index)
        unsafe mapping.atomic(offset + SpoolLayout.Chunk.extent).pointee
            .store(0, ordering: .releasing)
        unsafe mapping.atomic(offset + SpoolLayout.Chunk.sequence).pointee
            .store(0, ordering: .releasing)
        unsafe mapping.atomic(offset + SpoolLayout.Chunk.use).pointee
            .wrappingAdd(1, ordering: .releasing)
        freeChunks.withLock { $0.append(index) }
    }

    /// A sequence number for a block that comes from no chunk.
    func takeSequence() -> UInt64 {
        nextSequence.wrappingAdd(1, ordering: .relaxed).oldValue
    }

    /// Refuses spans from now on. What was taken before is in a chunk when this returns.
    func close() {
        for shard in shards { shard.state.withLock { $0.isClosed = true } }
    }

    /// The spans that are open, as entries of a block.
    func openSpans() -> (entries: [UInt8], count: Int) {
        let now = Clocks.realtime()
        var entries: [UInt8] = []
        var count = 0
        for slot in 0..<mapping.layout.slotCount {
            guard let content = openContent(slot) else { continue }
            entries += UnfinishedSpan.entry(content, lastSeenNanoseconds: now)
            count += 1
        }
        return (entries, count)
    }

    private func openContent(_ slot: Int) -> [UInt8]? {
        let offset = mapping.layout.slotOffset(slot)
        let state = unsafe mapping.atomic(offset + SpoolLayout.Slot.state)
        let word = unsafe state.pointee.load(ordering: .acquiring)
        guard word & SpoolLayout.Slot.stateMask == SpoolLayout.Slot.isOpen else { return nil }
        let count = unsafe mapping.atomic(offset + SpoolLayout.Slot.contentByteCount).pointee
            .load(ordering: .acquiring)
        let content = mapping.bytes(offset + SpoolLayout.Slot.content, count: Int(count))
        // Another span may have taken the slot meanwhile.
        return unsafe state.pointee.load(ordering: .acquiring) == word ? content : nil
    }

    /// Tells readers when the recorder was last alive.
    func beat() {
        let boottime = Clocks.boottime()
        unsafe mapping.atomic(SpoolLayout.Header.clockOffset).pointee
            .store(Clocks.realtime() &- boottime, ordering: .relaxed)
        unsafe mapping.atomic(SpoolLayout.Header.lastSeenBoottime).pointee
            .store(boottime, ordering: .releasing)
    }
}

// MARK: Drops

extension Spool {
    /// A reason to lose a span, or a part of it, in the order of ``DropCounters/all``.
    enum Drop: Int {
        case bufferFull = 0
        case writeFailed = 1
        case tooLarge = 2
        case afterShutdown = 3
        /// Nothing of the span is lost unless the process dies before it ends.
        case openTableFull = 4
    }

    func count(_ drop: Drop, _ count: UInt64 = 1) {
        let offset = SpoolLayout.Header.drops + drop.rawValue * 8
        unsafe mapping.atomic(offset).pointee.wrappingAdd(count, ordering: .relaxed)
    }

    var drops: DropCounters {
        DropCounters(
            (0..<8).map { index in
                let offset = SpoolLayout.Header.drops + index * 8
                return unsafe mapping.atomic(offset).pointee.load(ordering: .relaxed)
            })
    }
}

// MARK: Shards

extension Spool {
    /// Runs `body` with a shard that no other thread is in.
    ///
    /// A thread that finds its shard taken doubles the number of shards and goes on to the next
    /// one, so that few threads fill few chunks, and many do not wait for each other.
    private func withShard<Result>(
        _ body: (inout sending SpoolShard.State) -> sending Result
    ) -> sending Result {
        let count = shardCount.load(ordering: .relaxed)
        let home = Self.threadNumber & (count - 1)
        if let result = shards[home].state.withLockIfAvailable(body) { return result }
        if count < Self.shardCountMax {
            _ = shardCount.compareExchange(
                expected: count, desired: 2 * count, ordering: .relaxed)
        }
        for step in 1..<count {
            let shard = shards[(home + step) & (count - 1)]
            if let result = shard.state.withLockIfAvailable(body) { return result }
        }
        return shards[home].state.withLock(body)
    }

    /// A number that differs between threads in its low bits.
    private static var threadNumber: Int {
        // The address of the thread's own memory, scattered by the golden ratio (Knuth 6.4).
        Int(truncatingIfNeeded: UInt(pthread_self()) &* 0x9E37_79B9_7F4A_7C15 >> 56)
    }
}
