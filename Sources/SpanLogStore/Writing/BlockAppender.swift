import SpanLogFormat
import SpanLogLMDB

/// Appends the blocks of one recorder to its segments.
struct BlockAppender: ~Copyable {
    private let directory: StoreDirectory
    private let recorderID: RecorderID
    private let segmentBytesMax: Int
    /// `nil` where blocks are stored as they are.
    private var compressor: BlockCompressor?
    private var segment: SegmentWriter?
    private var segmentCount = 0

    init(
        directory: StoreDirectory, recorderID: RecorderID, segmentBytesMax: Int, isCompressing: Bool
    ) {
        self.directory = directory
        self.recorderID = recorderID
        self.segmentBytesMax = segmentBytesMax
        compressor = isCompressing ? BlockCompressor() : nil
    }

    /// Appends a block. Once this returns, it survives a loss of power.
    ///
    /// - Throws: ``StoreError`` with code ``StoreError/Code/writeFailed``. The same block may be
    ///   tried again; if it reached the disk in spite of the error, it is then there twice, under
    ///   the same sequence number, and read once.
    mutating func append(_ block: [UInt8], sequence: UInt64) throws(StoreError) {
        let block = compressor?.compressed(block) ?? block
        do {
            try openSegment(forBlockOf: block.count)
            try segment!.append(block, sequence: sequence)
        } catch {
            abandonSegment(after: error)
            throw StoreError(
                .writeFailed,
                "Cannot write spans into \(directory.path): free or repair the disk. Spans are "
                    + "kept in the spool as long as there is room.",
                cause: error)
        }
    }

    private mutating func openSegment(forBlockOf byteCount: Int) throws {
        if segment != nil, try !segment!.hasRoom(for: byteCount) { segment = nil }
        guard segment == nil else { return }
        let name = StoreDirectory.SegmentName(recorderID: recorderID, number: segmentCount)
        segment = try SegmentWriter.create(
            name, in: directory, byteCountMax: segmentBytesMax, blockByteCount: byteCount)
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
