import Foundation
import SpanLog

/// Numbered spans, one after the other, until the process is killed.
///
/// Once a span has ended, a line with its number is written to standard output, so that a test knows
/// of it without the store. Every fiftieth span is left open, and its line begins with "open".
struct SpanStream: Decodable {
    /// The spans in a second; as many as can be without it.
    let rate: Double?
    /// What the names begin with.
    let prefix: String
    /// The headers of the trace that all of them belong to.
    let headers: [String: String]

    func run(_ tracer: SpanLogTracer) throws -> Never {
        let context = withTracingContext(fromHTTPRequestHeaders: headers) { ServiceContext.current }
        var opened: [ActiveSpan] = []
        let start = ContinuousClock.now
        for number in 0... {
            if let rate {
                let due = start + .seconds(Double(number) / rate)
                Thread.sleep(
                    forTimeInterval: max(0, ContinuousClock.now.duration(to: due) / .seconds(1)))
            }
            let span = tracer.startSpan("\(prefix)\(number)", context: context ?? .topLevel)
            span.setAttribute("number", number)
            if number % 50 == 0 {
                opened.append(span)
                try say("open \(prefix)\(number)\n")
            } else {
                span.end()
                try say("\(prefix)\(number)\n")
            }
        }
        fatalError("The numbers have no end.")
    }

    private func say(_ line: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
    }
}
