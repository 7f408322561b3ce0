import SpanLogFormat
import SpanLogLMDB

/// Appends the blocks of one recorder to its segments.
struct BlockAppender: ~Copyable {
    private let directory: StoreDirectory
    private let recorderID: RecorderID
    private let segmentBytesMax: Int
    /// The age at which a segment is closed, in nanoseconds; `nil` for none.
    private let segmentAgeMax: UInt64?
    /// `nil` where blocks are stored as they are.
    private var compressor: BlockCompressor?
    private var segment: SegmentWriter?
    /// The number of the next segment. Those below it that are not ``segment`` are finished.
    private var nextNumber = 0

    init(
        directory: StoreDirectory, recorderID: RecorderID, options: StoreWriter.Options
    ) {
        self.directory = directory
        self.recorderID = recorderID
        segmentBytesMax = options.segmentBytesMax
        segmentAgeMax = options.segmentAgeMaxNanoseconds
        compressor = options.isCompressing ? BlockCompressor() : nil
    }

    /// The least number of a segment that this recorder may still write into.
    var firstLiveNumber: Int { segment == nil ? nextNumber : nextNumber - 1 }

    /// The block as it will be stored.
    mutating func compressed(_ block: [UInt8]) -> [UInt8] {
        compressor?.compressed(block) ?? block
    }

    /// Appends the first of `blocks`, as many as the segment takes, in one transaction. Once this
    /// returns, they survive a loss of power.
    ///
    /// - Returns: How many these are: at least one.
    /// - Throws: ``StoreError`` with code ``StoreError/Code/writeFailed``. The same blocks may be
    ///   tried again; those that reached the disk in spite of the error are then there twice, under
    ///   the same sequence number, and read once.
    mutating func append(_ blocks: [SealedBlock]) throws(StoreError) -> Int {
        do {
            try openSegment(for: blocks[0])
            // A segment that was made for a block takes it, whatever the limit.
            let count = max(1, try segment!.countThatFits(blocks))
            try segment!.append(blocks.prefix(count))
            return count
        } catch {
            abandonSegment()
            throw StoreError(
                .writeFailed,
                "Cannot write spans into \(directory.path): free or repair the disk. Spans are "
                    + "kept in the spool as long as there is room.",
                cause: error)
        }
    }

    /// Finishes a segment that has reached its age.
    mutating func closeAgedSegment() {
        guard let segmentAgeMax, let age = segment?.ageNanoseconds, age >= segmentAgeMax else {
            return
        }
        segment = nil
    }

    private mutating func openSegment(for block: SealedBlock) throws {
        closeAgedSegment()
        if segment != nil, try segment!.countThatFits([block]) == 0 { segment = nil }
        guard segment == nil else { return }
        let name = StoreDirectory.SegmentName(recorderID: recorderID, number: nextNumber)
        segment = try SegmentWriter.create(
            name, in: directory, byteCountMax: segmentBytesMax, blockByteCount: block.bytes.count)
        nextNumber += 1
    }

    /// Leaves a segment behind that cannot be relied on any more.
    ///
    /// After a failed sync the kernel may forget which pages were not written, so a later success
    /// on the same file would prove nothing (PostgreSQL's "fsyncgate"). What it holds from before is
    /// durable; if that is nothing, the file goes, so that a disk that keeps failing does not fill
    /// the store with empty ones.
    private mutating func abandonSegment() {
        guard let isEmpty = segment?.isEmpty else { return }
        segment = nil
        guard isEmpty else { return }
        let name = StoreDirectory.SegmentName(recorderID: recorderID, number: nextNumber - 1)
        if SegmentWriter.remove(directory.filePath(name.fileName)) { nextNumber -= 1 }
    }
}
