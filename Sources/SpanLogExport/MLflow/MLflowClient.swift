/// Sends requests to one MLflow server, again if that may help.
struct MLflowClient: Sendable {
    private let transport: any ExportTransport
    private let headers: [(name: String, value: String)]
    private let pause: @Sendable (Duration) async throws -> Void

    init(
        _ transport: any ExportTransport, credentials: MLflowCredentials?,
        workspace: String? = nil,
        pause: @escaping @Sendable (Duration) async throws -> Void = {
            try await Task.sleep(for: $0)
        }
    ) {
        self.transport = transport
        // A server without workspaces refuses requests that name one.
        headers =
            (credentials.map { [("Authorization", $0.authorization)] } ?? [])
            + (workspace.map { [("X-MLFLOW-WORKSPACE", $0)] } ?? [])
        self.pause = pause
    }

    var address: String { transport.address }

    /// Sends `request` until its answer is no matter of chance any more.
    ///
    /// - Returns: The answer and its meaning, which is never ``MLflowAnswer/busy(reason:)`` or
    ///   ``MLflowAnswer/fatal(_:)``.
    /// - Throws: ``ExportError`` if nothing else can succeed either, or `CancellationError`.
    func send(
        _ request: ExportRequest, _ patience: MLflowPatience
    ) async throws -> (MLflowAnswer, ExportResponse) {
        var request = request
        request.headers += headers
        for attempt in 1... {
            let answer: MLflowAnswer
            var retryAfter: Duration?
            do {
                let response = try await transport.send(request)
                answer = MLflowAnswer(response, from: address)
                retryAfter = response.retryAfter
                switch answer {
                case .fatal(let error): throw error
                case .failure where attempt < patience.failureMax: break
                case .busy(let reason):
                    if attempt >= patience.attemptMax {
                        throw ExportError.failing(address, reason)
                    }
                case .success, .refusal, .unknownResource, .failure: return (answer, response)
                }
            } catch let error as ExportTransportError {
                let isHopeless = error.kind == .insecure || attempt >= patience.attemptMax
                if isHopeless { throw ExportError.unreachable(address, error) }
            }
            try await pause(retryAfter ?? patience.delay(after: attempt))
        }
        fatalError("The attempts end before the integers do.")
    }
}

/// How often a request is repeated, and how soon.
struct MLflowPatience: Sendable {
    /// Attempts in all while the server cannot be reached or is busy.
    var attemptMax: Int
    /// Attempts in all while the server fails at this request.
    var failureMax = 3
    var firstDelay = Duration.milliseconds(500)
    var delayMax = Duration.seconds(15)

    /// For the first requests: a wrong address should be reported soon.
    static let firstContact = MLflowPatience(attemptMax: 3, firstDelay: .milliseconds(200))
    /// For the traces: a server takes half a minute to restart.
    static let delivery = MLflowPatience(attemptMax: 9)
    /// The same where there is a remedy for a failure that is no matter of chance.
    static let remediable = MLflowPatience(attemptMax: 9, failureMax: 2)

    /// Twice as long each time, and never quite the same for several connections.
    func delay(after attempt: Int) -> Duration {
        let doubled = firstDelay * (1 << min(attempt - 1, 20))
        return min(doubled, delayMax) * Double.random(in: 0.75...1)
    }
}

extension ExportResponse {
    /// How long the server asks to be left alone, a minute at most.
    fileprivate var retryAfter: Duration? {
        headers["retry-after"].flatMap { Int($0) }.map { .seconds(min(max($0, 0), 60)) }
    }
}
