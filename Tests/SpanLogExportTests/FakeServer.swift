import SpanLogFormat
import Synchronization

@testable import SpanLogExport

/// Stands in for the server where a failure has to come at a given moment.
///
/// Without other instructions it answers as MLflow does and remembers what it was sent.
final class FakeServer: ExportTransport {
    let address = "http://fake"
    private let answer: Answer
    private let state = Mutex(State())

    /// What to answer to a request, or `nil` for success. The second argument counts the requests
    /// so far.
    typealias Answer = @Sendable (Request, Int) throws -> ExportResponse?

    /// A request, understood.
    struct Request: Sendable {
        let path: String
        let method: ExportRequest.Method
        let headers: [String: String]
        let body: String
        /// For `/v1/traces`: the spans with their traces.
        let spans: [(trace: TraceID, id: SpanID)]
    }

    private struct State {
        var requests: [Request] = []
        var pauses: [Duration] = []
    }

    init(_ answer: @escaping Answer = { _, _ in nil }) {
        self.answer = answer
    }

    /// The requests in the order in which they came.
    var requests: [Request] { state.withLock { $0.requests } }
    /// How long the client waited between attempts; it does not really wait.
    var pauses: [Duration] { state.withLock { $0.pauses } }
    /// The sizes of the requests with spans.
    var spanCounts: [Int] { requests.filter { $0.path == "/v1/traces" }.map(\.spans.count) }

    var client: MLflowClient {
        MLflowClient(self, credentials: nil) { pause in
            self.state.withLock { $0.pauses.append(pause) }
        }
    }

    func send(_ request: ExportRequest) async throws -> ExportResponse {
        let understood = try Self.understand(request)
        let count = state.withLock { state in
            state.requests.append(understood)
            return state.requests.count
        }
        return try answer(understood, count) ?? Self.success(request)
    }

    private static func understand(_ request: ExportRequest) throws -> Request {
        var spans: [(TraceID, SpanID)] = []
        if request.path == "/v1/traces" {
            try TracesData.forEachSpan(in: request.body) { place in
                let span = try SpanRecord(decoding: request.body, place.span)
                spans.append((span.traceID, span.spanID))
            }
        }
        return Request(
            path: request.path, method: request.method,
            headers: Dictionary(request.headers.map { ($0.name, $0.value) }) { $1 },
            body: String(decoding: request.body, as: UTF8.self), spans: spans)
    }

    private static func success(_ request: ExportRequest) -> ExportResponse {
        if request.path.contains("get-by-name") {
            return json(
                200, "{\"experiment\":{\"experiment_id\":\"7\",\"lifecycle_stage\":\"active\"}}")
        }
        return json(200, "{}")
    }

    static func json(_ status: Int, _ text: String) -> ExportResponse {
        ExportResponse(status: status, body: Array(text.utf8))
    }

    static func error(_ status: Int, _ code: String, _ message: String) -> ExportResponse {
        json(status, "{\"error_code\":\"\(code)\",\"message\":\"\(message)\"}")
    }
}
