import Glibc
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

@Suite(.scratchDirectory) struct FailingDiskTests {
    private let store = Scratch.path("store")
    private let failures = Failures()

    @Test func `what fits in memory survives a failing disk, reported once, and its recovery once`()
        async throws
    {
        let disk = FailingDisk(store: store)
        let writer = try StoreWriter(store, options: .forTesting, onFailure: failures.report)
        try disk.breakDown()
        var random = RandomSpans(seed: 1)
        var expected: [[UInt8]] = []
        for _ in 0..<5 {
            for span in random.next(10) {
                writer.append(span)
                expected.append(span.encoded())
            }
            let error = try #require(await writer.flush())
            #expect(error.code == .writeFailed)
            #expect(error.message.contains(store))
            #expect(error.description.contains("Not a directory"))
        }
        #expect(failures.codes == [.writeFailed])

        try disk.repair()
        #expect(await writer.flush() == nil)
        #expect(failures.codes == [.writeFailed, nil])
        #expect(try StoredContent(store).spans == expected)

        #expect(await writer.shutdown() == nil)
        #expect(failures.codes == [.writeFailed, nil])
        let content = try StoredContent(store)
        #expect(content.spans == expected)
        #expect(content.sequences == Array(0..<UInt64(content.sequences.count)))
        #expect(writer.drops == DropCounters())
    }

    @Test func `a disk that fails between segments loses nothing`() async throws {
        var options = StoreWriter.Options.forTesting
        // Each block needs a segment of its own.
        options.segmentBytesMax = 1
        let disk = FailingDisk(store: store)
        let writer = try StoreWriter(store, options: options, onFailure: failures.report)
        for round in 0..<3 {
            writer.append([UInt8(round), 0], start: 1, end: 2)
            #expect(await writer.flush() == nil)
            try disk.breakDown()
            writer.append([UInt8(round), 1], start: 1, end: 2)
            #expect(await writer.flush()?.code == .writeFailed)
            try disk.repair()
            #expect(await writer.flush() == nil)
        }
        #expect(await writer.shutdown() == nil)
        #expect(failures.codes == [.writeFailed, nil, .writeFailed, nil, .writeFailed, nil])
        let content = try StoredContent(store)
        #expect(content.spans == [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1]])
        #expect(content.sequences == [0, 1, 2, 3, 4, 5])
    }

    @Test func `a failing disk is tried again without a flush`() async throws {
        var options = StoreWriter.Options()
        options.flushIntervalNanoseconds = 1_000_000
        let disk = FailingDisk(store: store)
        let writer = try StoreWriter(store, options: options, onFailure: failures.report)
        try disk.breakDown()
        writer.append([1], start: 1, end: 2)
        #expect(await writer.flush()?.code == .writeFailed)
        try disk.repair()
        let deadline = ContinuousClock.now + .seconds(30)
        while failures.codes.count < 2, .now < deadline { await Task.yield() }
        #expect(failures.codes == [.writeFailed, nil])
        #expect(try StoredContent(store).spans == [[1]])
        #expect(await writer.shutdown() == nil)
    }

    @Test func `spans that are durable are so whatever happens to later ones`() async throws {
        var options = StoreWriter.Options.forTesting
        options.segmentBytesMax = 1
        let disk = FailingDisk(store: store)
        let writer = try StoreWriter(store, options: options)
        writer.append([1], start: 1, end: 2)
        #expect(await writer.flush() == nil)
        try disk.breakDown()
        #expect(await writer.flush() == nil, "nothing new was to be written")
        writer.append([2], start: 1, end: 2)
        #expect(await writer.flush() != nil)
        #expect(await writer.flush() != nil)
        try disk.repair()
        #expect(await writer.shutdown() == nil)
        #expect(try StoredContent(store).spans == [[1], [2]])
    }

    @Test func `a shutdown on a failing disk says so and leaves the spans in the spool`()
        async throws
    {
        let disk = FailingDisk(store: store)
        let writer = try StoreWriter(store, options: .forTesting, onFailure: failures.report)
        try disk.breakDown()
        for _ in 0..<7 { writer.append([1], start: 1, end: 2) }
        #expect(await writer.shutdown()?.code == .writeFailed)
        #expect(await writer.shutdown()?.code == .writeFailed)
        #expect(await writer.flush()?.code == .writeFailed)
        #expect(failures.codes == [.writeFailed])
        try disk.repair()
        #expect(try Store(store).segmentPaths.isEmpty)
        #expect(try StoredContent(store).spans == Array(repeating: [1], count: 7))
        #expect(writer.drops == DropCounters())
    }

    @Test func `a large span that finds no room anywhere until the end is counted`() async throws {
        let disk = FailingDisk(store: store)
        var options = StoreWriter.Options.forTesting
        options.spool.chunkByteCount = 4096
        let writer = try StoreWriter(store, options: options, onFailure: failures.report)
        try disk.breakDown()
        writer.append([UInt8](repeating: 1, count: 5000), start: 1, end: 2)
        #expect(await writer.shutdown()?.code == .writeFailed)
        #expect(writer.drops.writeFailed == 1)
        try disk.repair()
    }

    @Test func `flushes on a failing disk do not use the spool up`() async throws {
        var options = StoreWriter.Options.forTesting
        options.spool.chunkCount = 4
        let disk = FailingDisk(store: store)
        let writer = try StoreWriter(store, options: options)
        try disk.breakDown()
        for number in 0..<20 {
            writer.append([UInt8(number)], start: 1, end: 2)
            #expect(await writer.flush()?.code == .writeFailed)
        }
        #expect(writer.drops == DropCounters())
        try disk.repair()
        #expect(await writer.shutdown() == nil)
        let content = try StoredContent(store)
        #expect(content.spans == (0..<20).map { [UInt8($0)] })
        #expect(content.sequences == [0, 1])
    }

    /// A limit of the file size makes writes fail in the middle of a transaction, as a disk does
    /// that is full or broken, and in segments that are new.
    @Test func `a disk that takes no more leaves no empty segments behind, and recovers`()
        async throws
    {
        await #expect(processExitsWith: .success) { [store = store as String] in
            signal(SIGXFSZ, SIG_IGN)
            let failures = Failures()
            let writer = try StoreWriter(store, options: .forTesting, onFailure: failures.report)
            var generator = SeededGenerator(seed: 1)
            let spans = (0..<12).map { _ in generator.bytes(count: 30_000) }
            for span in spans[..<3] {
                writer.append(span, start: 1, end: 2)
                #expect(await writer.flush() == nil)
            }
            setFileSizeMax(16 << 10)
            for span in spans[3...] {
                writer.append(span, start: 1, end: 2)
                #expect(await writer.flush()?.code == .writeFailed)
            }
            #expect(try Store(store).segmentPaths.count == 1)
            #expect(failures.codes == [.writeFailed])
            #expect(try (StoredContent(store).spans == spans) == true)
            setFileSizeMax(.max)
            #expect(await writer.shutdown() == nil)
            #expect(failures.codes == [.writeFailed, nil])
            #expect(writer.drops == DropCounters())
            #expect(try Store(store).segmentPaths.count == 2)
            let content = try StoredContent(store)
            #expect((content.spans == spans) == true)
            #expect(content.sequences == Array(0..<UInt64(content.sequences.count)))
            #expect(content.damages.isEmpty)
        }
    }

    @Test func `a failed segment leaves no file behind`() async throws {
        // The name of the first segment is taken by a directory.
        let writer = try StoreWriter(store, options: .forTesting, onFailure: failures.report)
        let directory = StoreDirectory(path: store)
        let name = StoreDirectory.SegmentName(recorderID: .testing(1), number: 0).fileName
        try FileSystem.createDirectory(directory.filePath(name))
        writer.append([1], start: 1, end: 2)
        #expect(await writer.flush()?.code == .writeFailed)
        let spool = StoreDirectory.spoolName(of: .testing(1))
        #expect(try directory.entries() == [name, spool, "spanlog-store"].sorted())
        #expect(await writer.shutdown()?.code == .writeFailed)
    }
}

/// Makes writes fail that go beyond `byteCount` in a file of this process.
private func setFileSizeMax(_ byteCount: rlim_t) {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    limit.rlim_cur = min(byteCount, limit.rlim_max)
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
}
