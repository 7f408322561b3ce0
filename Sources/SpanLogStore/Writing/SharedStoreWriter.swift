package import SpanLogFormat

/// Appends blocks on behalf of any number of recorders to segments of its own, for who receives the
/// spans of processes that write no store themselves.
///
/// To readers, retention and compaction it is a recorder: its files bear its id, and it holds the lock
/// of a spool, which stays empty, as long as it lives.
package struct SharedStoreWriter: ~Copyable {
    private let path: String
    private let recorderID: RecorderID
    private let bootID = Clocks.bootID()
    private let spool: Spool
    private var appender: BlockAppender
    private var retention: RetentionSchedule

    /// Spans of one recorder that are to become a block.
    package struct Draft: Sendable {
        package let recorderID: RecorderID
        package let sequence: UInt64
        /// Whether the spans were stamped by this host's clock. If not, the block says nothing of any.
        package let hasOwnClock: Bool
        package var spanCount = 0
        package var earliestNanoseconds = UInt64.max
        package var latestNanoseconds: UInt64 = 0
        /// A serialized OTLP `TracesData`.
        package var payload: [UInt8] = []

        package init(recorderID: RecorderID, sequence: UInt64, hasOwnClock: Bool) {
            self.recorderID = recorderID
            self.sequence = sequence
            self.hasOwnClock = hasOwnClock
        }
    }

    /// Opens the store at `path`, and makes it if it is not there.
    ///
    /// - Throws: ``StoreError`` if the directory cannot be used as a store.
    package init(
        path: String, recorderID: RecorderID, options: StoreWriter.Options
    ) throws(StoreError) {
        self.path = path
        self.recorderID = recorderID
        let directory = try StoreDirectory.openForWriting(path)
        let sealer = BlockSealer(recorderID: recorderID, bootID: bootID, resource: [], scope: [])
        do {
            spool = try Spool(in: directory, sealer, options: Self.emptySpool)
        } catch {
            throw StoreError(
                .writeFailed, "Cannot write into \(path): make room, or choose another directory.",
                cause: error)
        }
        appender = BlockAppender(directory: directory, recorderID: recorderID, options: options)
        retention = RetentionSchedule(directory, recorderID, options.retention)
    }

    /// The smallest that readers know.
    private static var emptySpool: Spool.Options {
        var options = Spool.Options()
        options.chunkCount = 1
        options.chunkByteCount = 4096
        options.slotCount = 0
        options.spanBytesMax = 0
        return options
    }

    /// Makes blocks of `drafts`, and those durable.
    ///
    /// - Precondition: No two drafts are of one recorder: of blocks whose transaction never came to its
    ///   end, the second could be in the file and the first not, which would look like a loss.
    /// - Throws: ``StoreError`` with code ``StoreError/Code/writeFailed``. Some of the blocks may be
    ///   there in spite of it, so their recorders' next numbers are not to be used again.
    package mutating func append(_ drafts: [Draft]) throws(StoreError) {
        var blocks: [SealedBlock] = []
        for draft in drafts {
            let name = BlockName(recorderID: draft.recorderID, sequence: draft.sequence)
            blocks.append(SealedBlock(name, bytes: appender.compressed(sealed(draft))))
        }
        while !blocks.isEmpty {
            do throws(StoreError) {
                blocks.removeFirst(try appender.append(blocks))
            } catch {
                throw StoreError(
                    .writeFailed,
                    "Cannot write spans into \(path): free or repair the disk. What is not stored "
                        + "was not acknowledged either, so that its sender keeps it.",
                    cause: error.cause)
            }
        }
    }

    private func sealed(_ draft: Draft) -> [UInt8] {
        let unknownBoot = [UInt8](repeating: 0, count: bootID.count)
        var header = BlockHeader(
            recorderID: draft.recorderID, sequence: draft.sequence,
            spanCount: UInt32(draft.spanCount), payloadByteCount: UInt64(draft.payload.count),
            earliestNanoseconds: draft.earliestNanoseconds,
            latestNanoseconds: draft.latestNanoseconds,
            anchor: Clocks.anchor(bootID: draft.hasOwnClock ? bootID : unknownBoot),
            drops: DropCounters())
        header.isReceived = true
        return Block.sealed(header, payload: [draft.payload])
    }

    /// Closes an aged segment, and lets go of what the store may not keep any longer.
    package mutating func maintain() {
        spool.beat()
        appender.closeAgedSegment()
        retention.run(firstLiveNumber: appender.firstLiveNumber)
    }

    /// Ends the writing; the store is then as it is to stay.
    package consuming func close() {
        spool.remove()
        retention.run(firstLiveNumber: appender.firstLiveNumber)
    }
}
