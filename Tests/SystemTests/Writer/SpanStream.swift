import Foundation
import SpanLog
import Synchronization

/// Numbered spans, one after the other, until the process is killed or there are enough.
///
/// Once a span has ended, a line with its name is written to standard output, so that a test knows
/// of it without the store. The line of a span that is left open begins with "open", and a line
/// "durable NAME" says that everything which the same thread said before is durable.
struct SpanStream: Decodable {
    /// The spans in a second, of each thread; as many as can be without it.
    let rate: Double?
    /// What the names begin with; "2." for the second thread and so on comes next.
    let prefix: String
    /// The headers of the trace that all of them belong to.
    let headers: [String: String]
    /// How many threads do the same; 1 without it.
    let threads: Int?
    /// The spans of each thread; without end without it.
    let count: Int?
    /// Every so many spans one is left open: 50 without it, none if it is 0.
    let openEvery: Int?
    /// Waits after every so many spans until they are durable; never without it.
    let flushEvery: Int?
    /// Keeps to ``rate`` by waiting inside of each span instead of before it.
    let waitsInside: Bool?
    /// The bytes of a further attribute of each span.
    let attributeBytes: Int?
}

extension SpanStream {
    /// Records until all threads have recorded their spans.
    func run(_ recorder: Recorder) throws {
        guard let threads, threads > 1 else { return try run(recorder, prefix: prefix) }
        let group = DispatchGroup()
        let failure = Mutex<(any Error)?>(nil)
        for number in 1...threads {
            group.enter()
            Thread.detachNewThread {
                defer { group.leave() }
                do {
                    try run(recorder, prefix: "\(prefix)\(number).")
                } catch {
                    failure.withLock { $0 = error }
                }
            }
        }
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private func run(_ recorder: Recorder, prefix: String) throws {
        let context = withTracingContext(fromHTTPRequestHeaders: headers) { ServiceContext.current }
        let filling = attributeBytes.map { String(repeating: "x", count: $0) }
        var opened: [ActiveSpan] = []
        let start = ContinuousClock.now
        for number in 0..<(count ?? .max) {
            if waitsInside != true { wait(for: number, since: start) }
            let name = "\(prefix)\(number)"
            let span = recorder.tracer.startSpan(name, context: context ?? .topLevel)
            span.setAttribute("number", number)
            if let filling { span.setAttribute("filling", filling) }
            if waitsInside == true { wait(for: number + 1, since: start) }
            if isMultiple(number, of: openEvery ?? 50) {
                opened.append(span)
                try say("open \(name)\n")
            } else {
                span.end()
                try say("\(name)\n")
            }
            if let flushEvery, isMultiple(number + 1, of: flushEvery) {
                try recorder.flushBlocking()
                try say("durable \(name)\n")
            }
        }
        // These stay open for as long as the process lives.
        for span in opened { _ = Unmanaged.passRetained(span) }
    }

    private func isMultiple(_ number: Int, of other: Int) -> Bool {
        other > 0 && number.isMultiple(of: other)
    }

    private func wait(for number: Int, since start: ContinuousClock.Instant) {
        guard let rate else { return }
        let due = start + .seconds(Double(number) / rate)
        Thread.sleep(forTimeInterval: max(0, ContinuousClock.now.duration(to: due) / .seconds(1)))
    }

    private func say(_ line: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
    }
}
