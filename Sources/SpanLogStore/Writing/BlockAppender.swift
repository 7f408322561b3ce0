import SpanLogFormat
import SpanLogLMDB

/// Seals spans into the blocks of one recorder and appends them to its segments.
struct BlockAppender: ~Copyable {
    private let directory: StoreDirectory
    private let recorderID: RecorderID
    private let resource: [UInt8]
    private let scope: [UInt8]
    private let segmentBytesMax: Int
    private let bootID = Clocks.bootID()
    private var segment: SegmentWriter?
    private var segmentCount = 0
    private var sequence: UInt64 = 0
    /// The drops that the last block holds.
    private(set) var storedDrops = DropCounters()

    init(
        directory: StoreDirectory, recorderID: RecorderID, resource: [UInt8], scope: [UInt8],
        segmentBytesMax: Int
    ) {
        self.directory = directory
        self.recorderID = recorderID
        self.resource = resource
        self.scope = scope
        self.segmentBytesMax = segmentBytesMax
    }

    /// Makes `spans` the next block. Once this returns, it survives a loss of power.
    ///
    /// - Throws: ``StoreError`` with code ``StoreError/Code/writeFailed``. The same spans may be
    ///   tried again: they get the same sequence number, so that a block which reached the disk
    ///   in spite of the error is counted once.
    mutating func append(_ spans: GatheredSpans, drops: DropCounters) throws(StoreError) {
        let block = sealed(spans, drops: drops)
        do {
            try openSegment(forBlockOf: block.count)
            try segment!.append(block, sequence: sequence)
        } catch {
            abandonSegment(after: error)
            throw StoreError(
                .writeFailed,
                "Cannot write spans into \(directory.path): free or repair the disk. Spans are "
                    + "kept in memory as long as there is room.",
                cause: error)
        }
        sequence += 1
        storedDrops = drops
    }

    private func sealed(_ spans: GatheredSpans, drops: DropCounters) -> [UInt8] {
        let prefix = TracesData.prefix(
            resource: resource, scope: scope, entriesByteCount: spans.entries.count)
        let header = BlockHeader(
            recorderID: recorderID, sequence: sequence, spanCount: spans.spanCount,
            payloadByteCount: UInt64(prefix.count + spans.entries.count),
            earliestNanoseconds: spans.isEmpty ? 0 : spans.earliestNanoseconds,
            latestNanoseconds: spans.latestNanoseconds,
            anchor: Clocks.anchor(bootID: bootID), drops: drops)
        return Block.sealed(header, payload: [prefix, spans.entries])
    }

    private mutating func openSegment(forBlockOf byteCount: Int) throws {
        if segment != nil, try !segment!.hasRoom(for: byteCount) { segment = nil }
        guard segment == nil else { return }
        let name = StoreDirectory.SegmentName(recorderID: recorderID, number: segmentCount)
        segment = try SegmentWriter.create(
            name, in: directory, byteCountMax: segmentBytesMax,
            blockByteCount: byteCount)
        segmentCount += 1
    }

    /// Leaves a segment behind that cannot be relied on any more.
    ///
    /// After a failed sync the kernel may forget which pages were not written, so a later success
    /// on the same file would prove nothing (PostgreSQL's "fsyncgate"). A full disk is different:
    /// nothing was written, and the segment goes on when there is room.
    private mutating func abandonSegment(after error: any Error) {
        if let error = error as? LMDBError, error.isOutOfSpace { return }
        segment = nil
    }
}
