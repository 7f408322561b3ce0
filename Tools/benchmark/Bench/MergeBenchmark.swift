import Foundation
import SpanLogBenchGenerator
import SpanLogMerge
import SpanLogStore

/// Makes stores of any shape from a seed, merges them, and looks things up in the archive.
///
/// What is not said of a shape or a merge has its default: `spans=2000000 hosts=8`.
enum MergeBenchmark {
    /// What can be said of the shape of stores.
    static let shapeKeys: Set = [
        "hosts", "services", "spans", "trace", "bytes", "steps", "block", "damaged", "duplicates",
        "losses", "rate", "spread", "parent", "compressed", "seed",
    ]

    static func generate(_ path: String, _ values: [String: String]) throws {
        var shape = StoreShape()
        func number(_ key: String, _ value: inout Int) {
            if let text = values[key], let number = Int(text) { value = number }
        }
        func share(_ key: String, _ value: inout Double) {
            if let text = values[key], let number = Double(text) { value = number }
        }
        number("hosts", &shape.hostCount)
        number("services", &shape.serviceCount)
        number("spans", &shape.spanCount)
        number("trace", &shape.traceSpanCount)
        number("bytes", &shape.spanByteCount)
        number("steps", &shape.stepCount)
        number("block", &shape.blockByteCount)
        number("damaged", &shape.damagedBlockCount)
        share("duplicates", &shape.duplicateShare)
        share("losses", &shape.lossShare)
        share("rate", &shape.tracesPerSecond)
        shape.isSpread = values["spread"] == "1"
        shape.parent = values["parent"].flatMap(StoreShape.Parent.init) ?? .any
        shape.isCompressed = values["compressed"] != "0"
        shape.seed = values["seed"].flatMap { UInt64($0) } ?? 1
        let truth = try StoreGenerator.generate(shape, in: path)
        print("\(truth.spanCount) spans in \(truth.traceCount) traces, \(truth.byteCount) bytes")
    }

    static func merge(
        _ path: String, _ archive: String, _ values: [String: String]
    ) throws {
        var options = Merge.Options()
        if let text = values["threads"], let count = Int(text) { options.threadCount = count }
        if let text = values["memory"], let count = Int(text) {
            options.memoryBytesMax = count << 20
        }
        if values["clock"] == "off" { options.clockMode = .off }
        let start = ContinuousClock.now
        let moments = Moments()
        let report = try Merge(stores: try Store.find(at: path), options: options)
            .write(to: archive, replacing: true) { moments.note($0.stage) }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let bytes = report.stores.reduce(0) { $0 + $1.byteCount }
        let size = (try FileManager.default.attributesOfItem(atPath: archive)[.size]) as? Int ?? 0
        let spans = Double(report.accounting.read)
        print(
            """
            \(report.accounting.read) records, \(report.traces.total) traces, \
            \(report.traces.whole) whole, in \(text(seconds)) s \
            (reading \(text((moments.joining - start) / .seconds(1))) s, \
            joined after \(text((moments.ending - start) / .seconds(1))) s, \
            processor \(text(processorSeconds())) s)
            \(text(spans / seconds / 1e6)) million spans/s, \
            \(text(Double(bytes) / seconds / 1e6)) MB/s, peak RSS \(Measurement.peakMemoryBytes >> 20) MiB, \
            temporary \(report.temporaryByteCount >> 20) MiB, archive \(size >> 20) MiB
            digest \(report.digest)
            """)
    }

    static func show(_ path: String) throws {
        var start = ContinuousClock.now
        let archive = try ArchiveReader(path)
        print("open \(ContinuousClock.now - start)")
        start = ContinuousClock.now
        let newest = try archive.newestSummaries(limit: 50)
        print("newest 50 \(ContinuousClock.now - start)")
        for summary in [newest.first, newest.last].compactMap({ $0 }) {
            start = ContinuousClock.now
            let trace = try archive.trace(summary.traceID)
            print("trace of \(trace?.spans.count ?? 0) spans \(ContinuousClock.now - start)")
        }
    }

    private static func text(_ number: Double) -> String { String(format: "%.2f", number) }

    private static func processorSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) {
            $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6
        }
    }
}

/// When the stages of a merge began.
private final class Moments: @unchecked Sendable {
    // Written by one thread at a time, as the merge promises, and read after it.
    private(set) var joining = ContinuousClock.now
    private(set) var ending = ContinuousClock.now

    func note(_ stage: Merge.Progress.Stage) {
        if stage == .reading { joining = ContinuousClock.now } else { ending = ContinuousClock.now }
    }
}
