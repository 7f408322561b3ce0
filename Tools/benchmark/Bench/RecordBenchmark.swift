import Foundation
import InMemoryTracing
import SpanLog
import Tracing

/// What a span costs the thread that makes it.
struct RecordBenchmark {
    private static let spansPerRun = 100_000
    private static let runCount = 7

    let threadCounts: [Int]
    /// Measures only subjects whose names contain this text, apart from the first one.
    let filter: String?

    func run() async throws -> Table {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("spanlog-bench-\(getpid())")
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration = Recorder.Configuration(
            serviceName: "bench", directory: folder.appendingPathComponent("store").path)
        let recorder = try Recorder(configuration)
        configuration.sampler = .alwaysOff
        let unsampled = try Recorder(configuration)

        var table = Table()
        for threadCount in threadCounts {
            let subjects = subjects(recorder, unsampled).enumerated().filter { index, subject in
                index == 0 || filter.map(subject.name.contains) ?? true
            }
            table.rows += measure(subjects.map(\.element), threadCount: threadCount)
        }
        try await recorder.shutdown()
        try await unsampled.shutdown()
        return table
    }

    private func subjects(_ recorder: Recorder, _ unsampled: Recorder) -> [Subject] {
        let flush: @Sendable () -> Void = { recorder.tracer.forceFlush() }
        let lost: @Sendable () -> UInt64 = { recorder.droppedSpanCount }
        let memory = InMemoryTracer()
        return [
            .noOp("no-op tracer"),
            .inMemory("in-memory tracer of swift-distributed-tracing", memory)
                .settling({ memory.clearFinishedSpans() }),
            .tracing("SpanLog through Tracer", recorder.tracer).settling(flush, lost: lost),
            .own("SpanLog, the span's own setAttribute", recorder.tracer)
                .settling(flush, lost: lost),
            .bare("SpanLog, start and end alone", recorder.tracer).settling(flush, lost: lost),
            .tracing("SpanLog through Tracer, not sampled", unsampled.tracer),
            .own("SpanLog, own setAttribute, not sampled", unsampled.tracer),
            .global("no-op tracer through withSpan", NoOpTracer()),
            .global("SpanLog through withSpan", recorder.tracer).settling(flush, lost: lost),
        ]
    }

    /// Runs the subjects in turns, so that what else the machine does hits all of them alike.
    private func measure(_ subjects: [Subject], threadCount: Int) -> [Table.Row] {
        var measurements = subjects.map { _ in [Measurement]() }
        var peaks = subjects.map { _ in 0 }
        let lostBefore = subjects.map { $0.lostCount() }
        for run in 0...Self.runCount {
            for (index, subject) in subjects.enumerated() {
                Measurement.resetPeakMemory()
                let results = concurrently(threadCount) {
                    Measurement.of { subject.makeSpans(Self.spansPerRun) }
                }
                peaks[index] = max(peaks[index], Measurement.peakMemoryBytes)
                subject.settle()
                // The first run warms up.
                if run > 0 { measurements[index] += results }
            }
        }
        return subjects.indices.map { index in
            Table.Row(
                subjects[index].name, threadCount: threadCount, measurements[index],
                baseline: measurements[0], spansPerRun: Self.spansPerRun,
                lostCount: subjects[index].lostCount() - lostBefore[index],
                peakMemoryBytes: peaks[index])
        }
    }

    private func concurrently(
        _ threadCount: Int, _ work: @escaping @Sendable () -> Measurement
    ) -> [Measurement] {
        let results = Results()
        let threads = (0..<threadCount).map { _ in
            let thread = Thread { results.append(work()) }
            thread.stackSize = 1 << 20
            return thread
        }
        for thread in threads { thread.start() }
        return results.wait(for: threadCount)
    }
}

/// What threads have measured.
private final class Results: Sendable {
    private let condition = NSCondition()
    nonisolated(unsafe) private var measurements: [Measurement] = []

    func append(_ measurement: Measurement) {
        condition.withLock {
            measurements.append(measurement)
            condition.signal()
        }
    }

    func wait(for count: Int) -> [Measurement] {
        condition.withLock {
            while measurements.count < count { condition.wait() }
            return measurements
        }
    }
}
