import Foundation
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

/// Stopping before a step is what a kill there leaves behind, but for the temporary file.
@Suite(.scratchDirectory, .timeLimit(.minutes(2))) struct CompactionTests {
    private let store = Scratch.path("store")
    private var directory: StoreDirectory { StoreDirectory(path: store) }

    private struct Stop: Error {}

    /// A block as readers find it.
    private struct Found: Hashable {
        let recorder: RecorderID
        let sequence: UInt64
        let holdsOpenSpans: Bool
        let payload: [UInt8]
        let anchor: ClockAnchor
        let drops: DropCounters

        init(_ block: Block) {
            recorder = block.header.recorderID
            sequence = block.header.sequence
            holdsOpenSpans = block.holdsOpenSpans
            payload = Array(block.bytes[block.payload])
            anchor = block.header.anchor
            drops = block.header.drops
        }
    }

    /// Everything in the store, each block as often as it is delivered.
    private func found() throws -> [Found: Int] {
        var found: [Found: Int] = [:]
        let damages = try Store(store).forEachBlock { block, _ in
            found[Found(block), default: 0] += 1
        }
        #expect(damages.isEmpty)
        return found
    }

    private func compact(
        segmentByteCount: UInt64 = 1 << 30,
        stop: @escaping (StoreCompactor.Step) throws -> Void = { _ in }
    ) throws -> CompactionReport {
        var compactor = try StoreCompactor(store)
        compactor.segmentByteCount = segmentByteCount
        compactor.onStep = stop
        return try compactor.run()
    }

    private func record(_ recorders: some Sequence<Int>) async throws {
        var random = RandomSpans(seed: 7)
        for recorder in recorders {
            let writer = try StoreWriter(store, recorder: UInt8(recorder), options: .small)
            for round in 0...recorder % 2 {
                if round > 0 { #expect(await writer.flush() == nil) }
                for span in random.next(10) { writer.append(span) }
            }
            #expect(await writer.shutdown() == nil)
        }
    }

    /// What two recorders leave that are killed: a segment each, spans in the spool, one in a file of
    /// its own, one open, and drop counters.
    private func crash(_ recorders: some Sequence<Int>) async throws {
        let living = Scratch.path("living")
        var random = RandomSpans(seed: 3)
        for recorder in recorders {
            let writer = try StoreWriter(living, recorder: UInt8(recorder), options: .small)
            for span in random.next(5) { writer.append(span) }
            #expect(await writer.flush() == nil)
            // The writer's thread stays where it is, as if the process was killed there.
            let (begun, hang) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            writer.flush { _ in
                begun.signal()
                hang.wait()
            }
            Self.wait(begun)
            for span in random.next(5) { writer.append(span) }
            writer.append([UInt8](repeating: 5, count: 50_000), start: 3, end: 4)
            writer.append([UInt8](repeating: 5, count: 2_000_000), start: 3, end: 4)
            let lane = writer.spool.lanes[0]
            var draft = lane.begin(
                SpanDraft.Head(
                    traceID: TraceID(high: 1, low: 2), spanID: SpanID(UInt64(recorder)),
                    parentSpanID: nil, flags: 1, kind: .internal, startNanoseconds: 5),
                name: "open")
            for name in try StoreDirectory(path: living).entries() where name != "spanlog-store" {
                try FileManager.default.copyItem(
                    atPath: "\(living)/\(name)", toPath: directory.filePath(name))
            }
            lane.end(&draft, at: 9, start: 5)
            hang.signal()
            #expect(await writer.shutdown() == nil)
            try FileManager.default.removeItem(atPath: living)
        }
    }

    @Test func `many short lives become one file, in which each block is as it was`() async throws {
        try await record(1...20)
        let (before, report) = (try found(), StoreReport(try Store(store)))
        let done = try compact()
        #expect(done.joinedFileCount == 20 && done.createdFileCount == 1)
        #expect(done.blockCount == UInt64(before.count) && before.count >= 30)
        #expect(done.spanCount == 300 && done.damages.isEmpty)
        #expect(done.byteCountAfter < done.byteCountBefore)
        let names = try directory.entries()
        #expect(
            names.count == 2 && names[0].hasPrefix("compacted-") && names[0].hasSuffix("-0.mdb"))
        #expect(try found() == before)
        let after = StoreReport(try Store(store))
        #expect(after.isSound)
        #expect(after.recorders.map(\.id) == report.recorders.map(\.id))
        #expect(after.recorders.map(\.spanCount) == report.recorders.map(\.spanCount))
        #expect(after.recorders.map(\.service) == report.recorders.map(\.service))
        // There is nothing more to join.
        #expect(try compact().joinedFileCount == 0)
        #expect(try directory.entries() == names)
    }

    @Test func `what killed recorders left survives, and their spools' space is free again`()
        async throws
    {
        try await record(1...2)
        try await crash(3...4)
        let before = try found()
        #expect(before.keys.count(where: \.holdsOpenSpans) == 2)
        #expect(before.values.allSatisfy { $0 == 1 })
        #expect(before.keys.contains { $0.drops.tooLarge == 1 })
        let done = try compact()
        #expect(done.openSpanCount == 2 && done.damages.isEmpty)
        #expect(try directory.entries().count == 2)
        #expect(try found() == before)
        #expect(done.byteCountAfter < 1 << 20)
    }

    @Test(arguments: [UInt64(1), 1 << 30])
    func `killed before any step, every span is there exactly once`(
        segmentByteCount: UInt64
    ) async throws {
        try await record(1...5)
        try await crash(6...7)
        let before = try found()
        // Of half of one byte, no file is small enough, so only spools and blocks are joined.
        var stepCount = 0
        var isDone = false
        while !isDone {
            var rest = stepCount
            do {
                _ = try compact(segmentByteCount: segmentByteCount) { _ in
                    if rest == 0 { throw Stop() }
                    rest -= 1
                }
                isDone = true
            } catch is StoreError {
                stepCount += 1
            }
            #expect(try found() == before)
            #expect(stepCount < 40)
        }
        #expect(stepCount >= 2)
        #expect(try Store(store).spoolPaths.isEmpty && Store(store).blockPaths.isEmpty)
        #expect(StoreReport(try Store(store)).isSound)
    }

    @Test func `what a killed compaction was writing is removed by the next`() async throws {
        try await record(1...2)
        let before = try found()
        let name = StoreDirectory.CompactedName(id: .testing(9), number: 0).fileName
        try FileSystem.replaceFile(directory.filePath(name + ".tmp"), with: [1, 2, 3])
        try FileSystem.replaceFile(directory.filePath("somebody's.tmp"), with: [1])
        #expect(try found() == before)
        _ = try compact()
        #expect(try found() == before)
        #expect(try directory.entries().filter { $0.hasSuffix(".tmp") } == ["somebody's.tmp"])
    }

    @Test func `files of recorders that live are left alone, and they go on writing`()
        async throws
    {
        try await record(1...3)
        let writer = try StoreWriter(store, recorder: 9, options: .small)
        writer.append([1], start: 1, end: 2)
        #expect(await writer.flush() == nil)
        writer.append([2], start: 1, end: 2)
        let names = try directory.entries().filter { $0.hasPrefix("09") }
        let before = try found()
        let done = try compact()
        #expect(done.joinedFileCount == 3 && done.livingRecorderCount == 1)
        #expect(try directory.entries().filter { $0.hasPrefix("09") } == names)
        #expect(try found() == before)
        writer.append([3], start: 1, end: 2)
        #expect(await writer.shutdown() == nil)
        let report = StoreReport(try Store(store))
        let id = RecorderID.testing(9).description
        #expect(report.recorders.first { $0.id == id }?.spanCount == 3)
        #expect(try compact().joinedFileCount == 2)
        #expect(StoreReport(try Store(store)).isSound)
        #expect(try Store(store).segmentPaths.count == 1)
    }

    @Test func `a second compaction at the same time is refused`() async throws {
        try await record(1...2)
        var refusals: [String] = []
        let done = try compact { _ in
            do {
                _ = try compact()
            } catch let error as StoreError {
                refusals.append(error.message)
            }
        }
        #expect(refusals.count == 4)
        #expect(refusals.allSatisfy { $0.contains("Another spanlog compact") })
        #expect(done.joinedFileCount == 2)
    }

    @Test func `a damaged file is named and stays, and the others are joined`() async throws {
        try await record(1...4)
        let path = try Store(store).segmentPaths[1]
        let location = try #require(try SegmentReader(path).locations.first)
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        bytes[Int(location.offset) + BlockHeader.byteCount] ^= 1
        try Data(bytes).write(to: URL(filePath: path))
        let done = try compact()
        #expect(done.damages.map(\.file) == [path])
        #expect(done.joinedFileCount == 3)
        #expect(try [UInt8](Data(contentsOf: URL(filePath: path))) == bytes)
        #expect(StoreReport(try Store(store)).recorders.count == 4)
    }

    @Test func `a file with another block under the same name stays as it is`() throws {
        var random = RandomSpans(seed: 1)
        for segment in 0..<3 {
            let spans = random.next(2)
            try CraftedBlock.write(
                [CraftedBlock(sequence: 5, spans)], toStore: store, segment: segment)
        }
        let before = try found()
        #expect(before.count == 3)
        let done = try compact()
        #expect(done.joinedFileCount == 1 && done.damages.count == 2)
        #expect(try found() == before)
    }

    @Test func `small compacted segments are joined again, large ones stay`() async throws {
        for round in 0..<8 {
            try await record(4 * round..<4 * round + 4)
            _ = try compact(segmentByteCount: 1 << 20)
        }
        let before = try found()
        #expect(try Store(store).segmentPaths.count <= 4)
        #expect(StoreReport(try Store(store)).isSound)
        #expect(before.values.allSatisfy { $0 == 1 })
        #expect(StoreReport(try Store(store)).recorders.count == 32)
    }

    @Test func `a damaged compacted segment is read as far as it is sound`() async throws {
        try await record(1...4)
        _ = try compact()
        let path = try #require(try Store(store).segmentPaths.first)
        let original = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let before = try found()
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            var bytes = original
            for _ in 0...generator.below(8) {
                bytes[generator.below(bytes.count)] ^= 1 << UInt8(generator.below(8))
            }
            try Data(bytes).write(to: URL(filePath: path))
            _ = try Store(store).forEachBlock { block, _ in
                #expect(before[Found(block)] == 1)
            }
        }
    }

    @Test func `known gaps survive, and a compacted segment can become one`() async throws {
        try await record(1...6)
        let paths = try Store(store).segmentPaths
        try FileSystem.setModified(paths[2], nanoseconds: 1)
        let limits = RetentionLimits(ageNanosecondsMax: 3600 * 1_000_000_000)
        _ = try StoreRetention(directory: directory, limits: limits).enforce()
        let removed = StoreReport(try Store(store)).removed
        #expect(removed.spanCount == 20)
        _ = try compact()
        #expect(StoreReport(try Store(store)).removed == removed)
        let nothing = RetentionLimits(byteCountMax: 0)
        #expect(try StoreRetention(directory: directory, limits: nothing).enforce().count == 1)
        let report = StoreReport(try Store(store))
        #expect(report.isSound && report.recorders.isEmpty)
        #expect(report.removed.spanCount == 90)
    }

    @Test func `a store is read whole while it is compacted`() async throws {
        try await record(1...12)
        let before = try found()
        let store = store
        let isReading = DispatchSemaphore(value: 0)
        async let readings = Self.counts(store, 60) { isReading.signal() }
        Self.wait(isReading)
        _ = try compact()
        for count in try await readings { #expect(count == before.count) }
    }

    @Test func `what a compaction removes while a store is read is read where it is now`()
        async throws
    {
        try await record(1...2)
        try await crash(3...4)
        let before = try found()
        var during: [Found: Int] = [:]
        let damages = try Store(store).forEachBlock { block, _ in
            if during.isEmpty {
                let done = try compact()
                #expect(done.openSpanCount == 2)
            }
            during[Found(block), default: 0] += 1
        }
        #expect(damages.isEmpty && during == before)
    }

    private static func wait(_ semaphore: DispatchSemaphore) { semaphore.wait() }

    private static func counts(
        _ store: String, _ times: Int, _ begun: @Sendable () -> Void
    ) async throws -> [Int] {
        var counts: [Int] = []
        for _ in 0..<times {
            var count = 0
            let damages = try Store(store).forEachBlock { _, _ in
                count += 1
                if count == 1 { begun() }
            }
            #expect(damages.isEmpty)
            counts.append(count)
        }
        return counts
    }
}

extension StoreWriter.Options {
    /// As ``forTesting``, with a small spool.
    fileprivate static var small: Self {
        var options = Self.forTesting
        options.spool.chunkByteCount = 16 << 10
        options.spool.chunkCount = 8
        options.spool.slotCount = 16
        options.spool.spanBytesMax = 1 << 20
        return options
    }
}
