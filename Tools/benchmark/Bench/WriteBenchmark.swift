import CSpanLogZstd
import Foundation
import SpanLog
import SpanLogFormat
import SpanLogLMDB
import SpanLogStore

/// How fast spans become durable, how much room they take, and how long `end()` takes meanwhile.
struct WriteBenchmark {
    let seconds: Double
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("spanlog-bench-\(getpid())")

    func run() async throws -> WriteResults {
        defer { try? FileManager.default.removeItem(at: folder) }
        var results = WriteResults()
        try await sustain(&results)
        try await writeEncoded(&results)
        try await pace(&results)
        return results
    }

    private func configuration(_ store: String) -> Recorder.Configuration {
        Recorder.Configuration(
            serviceName: "bench", directory: folder.appendingPathComponent(store).path)
    }
}

// MARK: A producer at full speed

extension WriteBenchmark {
    /// One producer through the tracer, with the store and without it in turns, so that what else
    /// the machine does hits both.
    private func sustain(_ results: inout WriteResults) async throws {
        let kept = try Recorder(configuration("sustained"))
        var discarding = configuration("discarded")
        discarding.isDiscarding = true
        let thrownAway = try Recorder(discarding)
        var rates: (kept: [Double], thrownAway: [Double]) = ([], [])
        for _ in 0..<Self.turnCount {
            let slice = seconds / Double(Self.turnCount)
            rates.kept.append(Self.produce(kept.tracer, seconds: slice))
            rates.thrownAway.append(Self.produce(thrownAway.tracer, seconds: slice))
        }
        let peak = Measurement.peakMemoryBytes
        try await kept.shutdown()
        try await thrownAway.shutdown()
        results.sustainedSpansPerSecond = rates.kept.median
        results.sustainedRatio =
            zip(rates.kept, rates.thrownAway).map { $0 / $1 }.median
        results.sustainedLostCount = kept.droppedSpanCount
        results.peakMemoryBytes = peak
    }

    private static let turnCount = 6

    /// - Returns: Spans a second.
    private static func produce(_ tracer: SpanLogTracer, seconds: Double) -> Double {
        let subject = Subject.tracing("", tracer)
        let start = Measurement.nanoseconds(CLOCK_MONOTONIC)
        var count = 0
        var elapsed = 0.0
        while elapsed < seconds {
            subject.makeSpans(10_000)
            count += 10_000
            elapsed = Double(Measurement.nanoseconds(CLOCK_MONOTONIC) - start) / 1e9
        }
        return Double(count) / elapsed
    }

    private func storedByteCount(_ store: String) throws -> Int {
        let path = folder.appendingPathComponent(store)
        return try FileManager.default
            .contentsOfDirectory(at: path, includingPropertiesForKeys: [.fileSizeKey])
            .filter { $0.pathExtension == "mdb" }
            .reduce(0) { try $0 + ($1.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0) }
    }
}

// MARK: The writer alone

extension WriteBenchmark {
    /// Spans that are encoded already, through the spool to durable blocks; and liblmdb alone with
    /// compressed blocks of the same size, in turns.
    private func writeEncoded(_ results: inout WriteResults) async throws {
        let spans = Self.encodedSpans()
        var rates: (writer: [Double], lmdb: [Double]) = ([], [])
        for turn in 0..<Self.turnCount {
            rates.writer.append(try await write(spans, "writer \(turn)"))
            rates.lmdb.append(try writeByLMDBAlone(spans, "lmdb \(turn)"))
        }
        results.storedBytesPerSpan =
            Double(try storedByteCount("writer 0")) / Double(Self.encodedCount)
        results.writerSpansPerSecond = rates.writer.median
        results.lmdbSpansPerSecond = rates.lmdb.median
        results.writerRatio = zip(rates.writer, rates.lmdb).map { $0 / $1 }.median
    }

    private static let encodedCount = 2_000_000

    /// Spans of about 200 bytes that differ as a service's do, each in a trace of its own, which
    /// compresses worse than several in one.
    private static func encodedSpans() -> [[UInt8]] {
        var random = SystemRandomNumberGenerator()
        let paths = (0..<50).map { "/api/v1/things/\($0)" }
        return (0..<10_000).map { number in
            var span = SpanRecord(
                traceID: TraceID(high: random.next(), low: random.next()),
                spanID: SpanID(random.next()), parentSpanID: SpanID(random.next()),
                name: "GET /api/v1/things",
                startNanoseconds: 1_790_000_000_000_000_000
                    + UInt64(number) * 40_000 + random.next() % 30_000,
                endNanoseconds: 1_790_000_000_001_000_000
                    + UInt64(number) * 40_000 + random.next() % 3_000_000)
            span.flags = 0x103
            span.attributes = [
                Attribute("http.request.method", .string("GET")),
                Attribute("url.path", .string(paths[number % paths.count])),
                Attribute("http.response.status_code", .int(200)),
                Attribute("retried", .bool(number % 7 == 0)),
            ]
            return span.encoded()
        }
    }

    private func write(_ spans: [[UInt8]], _ store: String) async throws -> Double {
        var options = StoreWriter.Options()
        options.spool.waitNanoseconds = 60_000_000_000
        let writer = try StoreWriter(
            path: folder.appendingPathComponent(store).path,
            recorderID: RecorderID(bytes: Array(1...16))!, resource: [], scope: [],
            options: options)
        let start = Measurement.nanoseconds(CLOCK_MONOTONIC)
        for index in 0..<Self.encodedCount {
            writer.append(spans[index % spans.count], start: 1, end: 2)
        }
        await withCheckedContinuation { continuation in
            writer.shutdown { _ in continuation.resume() }
        }
        let elapsed = Double(Measurement.nanoseconds(CLOCK_MONOTONIC) - start)
        return Double(Self.encodedCount) / elapsed * 1e9
    }

    private func writeByLMDBAlone(_ spans: [[UInt8]], _ store: String) throws -> Double {
        // As in a chunk of the spool, with a tag and a length of two bytes each.
        let block = [UInt8](
            spans.prefix(1 << 20 / (spans[0].count + 3)).map { [0x12, 0xC8, 0x01] + $0 }.joined())
        let spansPerBlock = 1 << 20 / (spans[0].count + 3)
        let path = folder.appendingPathComponent(store).path
        let environment = try LMDBEnvironment.open(
            path: path, options: .init(mapSizeBytes: 8 << 30))
        let context = ZSTD_createCCtx()
        defer { ZSTD_freeCCtx(context) }
        var output = [UInt8](repeating: 0, count: ZSTD_compressBound(block.count))
        let start = Measurement.nanoseconds(CLOCK_MONOTONIC)
        for number in 0..<Self.encodedCount / spansPerBlock {
            let count = ZSTD_compressCCtx(
                context, &output, output.count, block, block.count, 1)
            try environment.write { transaction in
                let table = try transaction.table("blocks")
                try transaction.append(
                    Array(output[..<count]), for: UInt64(number).bigEndianBytes, in: table)
            }
        }
        let elapsed = Double(Measurement.nanoseconds(CLOCK_MONOTONIC) - start)
        return Double(Self.encodedCount / spansPerBlock * spansPerBlock) / elapsed * 1e9
    }
}

// MARK: A paced producer

extension WriteBenchmark {
    /// 10,000 spans a second: how long `end()` takes while blocks are written and synced.
    private func pace(_ results: inout WriteResults) async throws {
        let recorder = try Recorder(configuration("paced"))
        let root = recorder.tracer.startSpan("root", context: .topLevel)
        let count = Int(seconds * 2 * 10_000)
        var times: [UInt64] = []
        times.reserveCapacity(count)
        let start = Measurement.nanoseconds(CLOCK_MONOTONIC)
        for number in 0..<count {
            let due = start + UInt64(number) * 100_000
            while Measurement.nanoseconds(CLOCK_MONOTONIC) < due { usleep(20) }
            let span = recorder.tracer.startSpan("operation", childOf: root)
            span.setAttribute("number", number)
            let before = Measurement.nanoseconds(CLOCK_MONOTONIC)
            span.end()
            times.append(Measurement.nanoseconds(CLOCK_MONOTONIC) - before)
        }
        try await recorder.shutdown()
        times.sort()
        results.pacedLostCount = recorder.droppedSpanCount
        results.endNanosecondsMedian = times[count / 2]
        results.endNanoseconds9999 = times[min(count - 1, count * 9999 / 10_000)]
        results.endNanosecondsMax = times[count - 1]
    }
}
