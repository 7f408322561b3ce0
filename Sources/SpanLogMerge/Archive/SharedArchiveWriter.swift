import Synchronization

/// An archive that several threads write, one at a time.
final class SharedArchiveWriter: Sendable {
    private let writer: Mutex<ArchiveWriter?>

    init(_ writer: consuming sending ArchiveWriter) {
        self.writer = Mutex(writer)
    }

    func append(blocks values: [[UInt8]], from first: UInt32) throws {
        try writer.withLock { try $0?.append(blocks: values, from: first) }
    }

    func append(_ run: ArchiveRun) throws {
        try writer.withLock { try $0?.append(run) }
    }

    /// The summaries of all traces, once all partitions have been appended.
    func endTraces() -> SummaryRuns? {
        writer.withLock { $0?.endTraces() }
    }

    func append(index chunks: [ArchiveRun.Entry]) throws {
        try writer.withLock { try $0?.append(index: chunks) }
    }

    /// As ``ArchiveWriter/finish(_:_:replacing:)``. There is nothing to write afterwards.
    func finish(
        _ report: MergeReport, _ clocks: ArchiveClocks, replacing isReplacing: Bool
    ) throws {
        guard let writer = writer.withLock({ $0.take() }) else { return }
        try writer.finish(report, clocks, replacing: isReplacing)
    }
}
