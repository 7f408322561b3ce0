import Foundation
import SpanLog

/// Records the spans that it is told to, so that a test in another language can say exactly what
/// is recorded and when: `SpanLogTestWriter STORE SERVICE [SETTINGS]`, with ``WriterSettings`` in JSON.
///
/// Each line of standard input is a ``Command`` in JSON, and gets one line of JSON as its answer.
@main
struct TestWriter {
    private let recorder: Recorder
    private var spans: [String: ActiveSpan] = [:]

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard (3...4).contains(arguments.count) else {
            let usage = "usage: SpanLogTestWriter STORE SERVICE [SETTINGS]\n"
            FileHandle.standardError.write(Data(usage.utf8))
            exit(64)
        }
        var configuration = Recorder.Configuration(
            serviceName: arguments[2], directory: arguments[1])
        if arguments.count == 4 {
            try JSONDecoder().decode(WriterSettings.self, from: Data(arguments[3].utf8))
                .apply(to: &configuration)
        }
        var writer = TestWriter(recorder: try Recorder(configuration))
        while let line = readLine() {
            let answer = await writer.answer(line)
            FileHandle.standardOutput.write(try JSONEncoder().encode(answer) + Data("\n".utf8))
        }
    }

    private init(recorder: Recorder) {
        self.recorder = recorder
    }

    private mutating func answer(_ line: String) async -> [String: String] {
        do {
            let command = try JSONDecoder().decode(Command.self, from: Data(line.utf8))
            switch command.command {
            case .span: return record(try command.span ?? Command.missing("span"))
            case .stream:
                try (command.stream ?? Command.missing("stream")).run(recorder)
                return ["done": "stream"]
            case .flush:
                try await recorder.flush()
                return ["done": "flush"]
            case .shutdown:
                try await recorder.shutdown()
                return ["done": "shutdown"]
            }
        } catch {
            return ["error": "\(error)"]
        }
    }

    /// Records a span and answers with its ids.
    private mutating func record(_ description: SpanDescription) -> [String: String] {
        let span = description.start(
            with: recorder.tracer, parent: description.parent.flatMap { spans[$0] })
        if let key = description.key { spans[key] = span }
        description.fill(span)
        if let end = description.end { span.end(at: Instant(nanosecondsSinceEpoch: end)) }
        return ["trace_id": "\(span.identity.traceID)", "span_id": "\(span.identity.spanID)"]
    }
}

/// One line of input.
struct Command: Decodable {
    let command: Verb
    let span: SpanDescription?
    let stream: SpanStream?

    enum Verb: String, Decodable {
        /// Records ``span`` and answers with its ids.
        case span
        /// Runs ``stream``, and answers once it has come to its end, if it has one.
        case stream
        /// Answers once everything that ended is durable.
        case flush
        /// As `flush`, and nothing is recorded afterwards.
        case shutdown
    }

    static func missing<Value>(_ member: String) throws -> Value {
        throw DecodingError.valueNotFound(
            Value.self, .init(codingPath: [], debugDescription: "\(member) is missing"))
    }
}
