import Foundation
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

/// Stopping before a step is what a kill there leaves behind.
@Suite(.scratchDirectory, .timeLimit(.minutes(10))) struct RetentionTests {
    private let store = Scratch.path("store")
    private var directory: StoreDirectory { StoreDirectory(path: store) }

    private struct Stop: Error {}

    /// Segments of dead recorders, each with a block of 2 spans, the first the oldest.
    private func makeSegments(_ names: [(recorder: UInt8, number: Int)]) throws {
        var random = RandomSpans(seed: 1)
        for (age, name) in names.enumerated() {
            var block = CraftedBlock(
                recorder: name.recorder, sequence: UInt64(name.number), random.next(2))
            block.drops.bufferFull = UInt64(10 * name.number)
            try CraftedBlock.write([block], toStore: store, segment: name.number)
            try FileSystem.setModified(path(name), nanoseconds: UInt64(1 + age) * 1_000_000_000)
        }
    }

    private func path(_ name: (recorder: UInt8, number: Int)) -> String {
        let name = StoreDirectory.SegmentName(
            recorderID: .testing(name.recorder), number: name.number)
        return directory.filePath(name.fileName)
    }

    private func enforce(
        _ limits: RetentionLimits, own: StoreInventory.Own? = nil,
        stop: @escaping (StoreRetention.Step) -> Bool = { _ in false }
    ) throws -> [String] {
        try StoreRetention(directory: directory, limits: limits, own: own) { step in
            if stop(step) { throw Stop() }
        }.enforce()
    }

    private func report() throws -> StoreReport { StoreReport(try Store(store)) }

    private static let nothing = RetentionLimits(byteCountMax: 0)

    @Test func `the oldest files go until the store is small enough, and are known gaps`() throws {
        try makeSegments([(1, 0), (2, 0), (1, 1), (1, 2)])
        let byteCount = try StoreInventory(directory).byteCount
        let size = try #require(try FileSystem.status(of: path((1, 0)))).byteCount
        let limits = RetentionLimits(byteCountMax: byteCount - 2 * size)
        #expect(try enforce(limits) == [path((1, 0)), path((2, 0))])
        let report = try report()
        #expect(report.isSound)
        #expect(report.removed.blockCount == 2 && report.removed.spanCount == 4)
        #expect(report.removed.earliestNanoseconds == 1 && report.removed.latestNanoseconds == 2)
        #expect(report.recorders.map(\.removed.blockCount) == [1])
        #expect(report.recorders.map(\.blockCount) == [2])
        #expect(report.recorders.map(\.gaps) == [[]])
        // The record itself takes space; nothing else is too much.
        #expect(try enforce(RetentionLimits(byteCountMax: byteCount)).isEmpty)
    }

    @Test func `files beyond their age go, and younger ones stay`() throws {
        try makeSegments([(1, 0), (2, 0), (3, 0)])
        try FileSystem.setModified(path((3, 0)), nanoseconds: Clocks.realtime())
        let limits = RetentionLimits(ageNanosecondsMax: 3600 * 1_000_000_000)
        #expect(try enforce(limits) == [path((1, 0)), path((2, 0))])
        #expect(try report().recorders.map(\.id) == [RecorderID.testing(3).description])
        #expect(try enforce(RetentionLimits()).isEmpty)
    }

    @Test func `a gap that retention does not explain is damage as before`() throws {
        try makeSegments([(1, 0), (1, 1), (1, 2), (1, 5)])
        try FileSystem.removeFile(path((1, 1)))
        let size = try #require(try FileSystem.status(of: path((1, 0)))).byteCount
        let byteCount = try StoreInventory(directory).byteCount
        #expect(try enforce(RetentionLimits(byteCountMax: byteCount - size)).count == 1)
        let recorder = try #require(try report().recorders.first)
        #expect(recorder.gaps.map { [$0.first, $0.last] } == [[1, 1], [3, 4]])
        #expect(recorder.removed.blockCount == 1)
        #expect(try !report().isSound)
    }

    @Test func `killed before any step, everything is there and counted once`() throws {
        let names: [(recorder: UInt8, number: Int)] = [(1, 0), (1, 1), (2, 0), (1, 2)]
        try makeSegments(names)
        #expect(throws: Stop.self) { try enforce(Self.nothing) { $0 == .record } }
        #expect(try report().removed == StoreReport.Removed())
        for (count, name) in names.enumerated() {
            #expect(throws: Stop.self) {
                try enforce(Self.nothing) { $0 == .remove(path(name)) }
            }
            let report = try report()
            #expect(report.isSound)
            #expect(report.removed.blockCount == UInt64(count))
            #expect(report.removed.spanCount == UInt64(2 * count))
            #expect(report.recorders.map(\.spanCount).reduce(0, +) == UInt64(8 - 2 * count))
        }
        #expect(try enforce(Self.nothing).count == 1)
        #expect(try report().removed.spanCount == 8)
        #expect(try report().isSound)
    }

    @Test func `what a dead recorder left in its spool is removed and counted`() async throws {
        let writer = try StoreWriter(Scratch.path("living"), options: .forTesting)
        for number in 0..<5 { writer.append([UInt8(number)], start: 30, end: 40) }
        #expect(await writer.flush() == nil)
        for number in 0..<3 { writer.append([UInt8(number)], start: 50, end: 60) }
        let lane = writer.spool.lanes[0]
        var draft = lane.begin(
            SpanDraft.Head(
                traceID: TraceID(high: 1, low: 2), spanID: SpanID(3), parentSpanID: nil, flags: 1,
                kind: .internal, startNanoseconds: 5), name: "open")
        try FileManager.default.copyItem(atPath: Scratch.path("living"), toPath: store)
        lane.end(&draft, at: 9, start: 5)
        #expect(await writer.shutdown() == nil)

        #expect(try report().recorders.first?.spanCount == 8)
        let spool = directory.filePath(StoreDirectory.spoolName(of: .testing(1)))
        #expect(throws: Stop.self) { try enforce(Self.nothing) { $0 == .remove(spool) } }
        #expect(try enforce(Self.nothing).contains(spool))
        #expect(try directory.entries() == [StoreRemovals.fileName, "spanlog-store"])
        let removed = try report().removed
        #expect(removed.blockCount == 2 && removed.spanCount == 8 && removed.openSpanCount == 1)
    }

    @Test func `files of a living recorder are not touched, and of one's own only the past`()
        async throws
    {
        try makeSegments([(7, 0)])
        var options = StoreWriter.Options.forTesting
        options.segmentBytesMax = 1
        let writers = [
            try StoreWriter(store, recorder: 1, options: options),
            try StoreWriter(store, recorder: 2, options: options),
        ]
        for writer in writers {
            for number in 0..<3 {
                writer.append([UInt8(number)], start: 1, end: 2)
                #expect(await writer.flush() == nil)
            }
        }
        let own = StoreInventory.Own(recorderID: .testing(1), firstLiveNumber: 2)
        let removed = try enforce(Self.nothing, own: own)
        #expect(Set(removed) == [path((7, 0)), path((1, 0)), path((1, 1))])
        for number in 0..<3 { #expect(try FileSystem.kind(of: path((2, number))) == .file) }
        for writer in writers { #expect(await writer.shutdown() == nil) }
        let report = try report()
        #expect(report.isSound)
        #expect(report.recorders.map(\.blockCount) == [1, 3])
    }

    @Test func `a recorder that is just starting is not taken for dead`() throws {
        try makeSegments([(7, 0)])
        let spool = directory.filePath(StoreDirectory.spoolName(of: .testing(1)))
        try FileSystem.replaceFile(spool, with: [])
        #expect(try enforce(Self.nothing) == [path((7, 0))])
        #expect(try FileSystem.kind(of: spool) == .file)
        // Nobody starts for hours.
        try FileSystem.setModified(spool, nanoseconds: 1)
        #expect(try enforce(Self.nothing) == [spool])
    }

    @Test func `only one process at a time removes`() throws {
        try makeSegments([(1, 0)])
        let other = try ReadOnlyFile(store)
        #expect(try other.lock())
        #expect(try enforce(Self.nothing).isEmpty)
        withExtendedLifetime(other) {}
        #expect(try report().recorders.count == 1)
    }

    @Test func `what a dead recorder could not keep is known when nothing else of it is left`()
        async throws
    {
        var options = StoreWriter.Options.forTesting
        options.spool.spanBytesMax = 100
        let writer = try StoreWriter(Scratch.path("living"), options: options)
        for _ in 0..<3 { writer.append([UInt8](repeating: 7, count: 200), start: 1, end: 2) }
        try FileManager.default.copyItem(atPath: Scratch.path("living"), toPath: store)
        #expect(await writer.shutdown() == nil)

        #expect(try report().recorders.map(\.drops.tooLarge) == [3])
        #expect(try enforce(Self.nothing).count > 0)
        let report = try report()
        #expect(report.recorders.isEmpty && report.isSound)
        #expect(report.removed.drops.tooLarge == 3)
        #expect(!report.removed.isEmpty)
    }

    @Test func `drop counters survive the blocks that held them`() throws {
        try makeSegments([(1, 0), (1, 7), (1, 8)])
        let byteCount = try StoreInventory(directory).byteCount
        try FileSystem.setModified(path((1, 0)), nanoseconds: Clocks.realtime())
        let size = try #require(try FileSystem.status(of: path((1, 0)))).byteCount
        #expect(try enforce(RetentionLimits(byteCountMax: byteCount - 2 * size)).count == 2)
        #expect(try report().recorders.first?.drops.bufferFull == 80)
    }

    @Test func `a writer keeps its store within its limit, and loses count of nothing`()
        async throws
    {
        var options = StoreWriter.Options.forTesting
        options.segmentBytesMax = 3 << 19
        options.isCompressing = false
        options.spool.chunkByteCount = 64 << 10
        options.spool.slotCount = 0
        options.retention.byteCountMax = 8 << 20
        let writer = try StoreWriter(store, options: options)
        for number in 0..<400 {
            writer.append([UInt8](repeating: UInt8(number % 7), count: 50_000), start: 1, end: 2)
            if number % 5 == 4 { #expect(await writer.flush() == nil) }
        }
        #expect(await writer.flush() == nil)
        let report = try report()
        #expect(report.isSound)
        let recorder = try #require(report.recorders.first)
        #expect(recorder.removed.spanCount > 200)
        #expect(recorder.removed.spanCount + recorder.spanCount == 400)
        #expect(try StoreInventory(directory).byteCount < 11 << 20)
        #expect(await writer.shutdown() == nil)
    }

    @Test func `short lives keep the store within its limit, each at its end`() async throws {
        var options = StoreWriter.Options.forTesting
        options.retention.byteCountMax = 3 << 20
        options.isCompressing = false
        options.spool.chunkByteCount = 64 << 10
        options.spool.slotCount = 0
        for life in 1...12 {
            let writer = try StoreWriter(store, recorder: UInt8(life), options: options)
            for _ in 0..<20 {
                writer.append([UInt8](repeating: 1, count: 50_000), start: 1, end: 2)
            }
            #expect(await writer.shutdown() == nil)
            #expect(try StoreInventory(directory).byteCount < 4 << 20)
        }
        let report = try report()
        #expect(report.isSound)
        let kept = report.recorders.map(\.spanCount).reduce(0, +)
        let dropped = report.recorders.map(\.drops.total).reduce(0, +)
        #expect(dropped == 0 && kept + report.removed.spanCount == 240)
        #expect(report.removed.spanCount >= 160)
    }

    @Test func `a segment is closed at its age, whether or not a span follows`() async throws {
        var options = StoreWriter.Options()
        options.flushIntervalNanoseconds = 1_000_000
        options.segmentAgeMaxNanoseconds = 1
        let writer = try StoreWriter(store, options: options)
        for number in 0..<3 {
            writer.append([UInt8(number)], start: 1, end: 2)
            #expect(await writer.flush() == nil)
        }
        #expect(await writer.shutdown() == nil)
        #expect(try Store(store).segmentPaths.count == 3)
        #expect(try StoredContent(store).sequences == [0, 1, 2])
    }
}
