import SpanLogFormat
import Synchronization

// What MLflow is told about a trace as a whole, after its spans.
extension MLflowDelivery {
    /// Says about `trace` what its spans cannot, and sends its attachments.
    func sendInfo(
        of trace: MLflowTrace, _ outcome: inout MLflowDeliveryOutcome
    ) async throws {
        guard let spanSizes = outcome.acceptedSizes[trace.id] else { return }
        let (answer, response) = try await say(trace.info, spanSizes)
        if let refusal = try refusal(answer) {
            try failures.record(refusal, at: client.address)
            return outcome.refuse(trace.id, nil, refusal.reason)
        }
        let location = MLflowStoredTrace(response)?.artifactLocation
        try await sendAttachments(of: trace, to: location, &outcome)
    }

    /// MLflow up to 3.9 takes what is said of a trace for all there is, and fails where it has more, such
    /// as the token usage that it read from the spans. There, what it has is said again.
    private func say(
        _ info: MLflowTraceInfo, _ spanSizes: [Int]
    ) async throws -> (MLflowAnswer, ExportResponse) {
        if !manner.replacesTraces {
            let request = try storing(info, spanSizes)
            let (answer, response) = try await client.send(request, .remediable)
            guard case .failure = answer else { return (answer, response) }
        }
        let stored = try await storedTrace(info.traceID)
        let request = try storing(info, spanSizes, keeping: stored)
        let (answer, response) = try await client.send(request, .delivery)
        if case .success = answer, stored != nil { manner.noteReplacement() }
        return (answer, response)
    }

    private func storing(
        _ info: MLflowTraceInfo, _ spanSizes: [Int], keeping stored: MLflowStoredTrace? = nil
    ) throws -> ExportRequest {
        var request = ExportRequest(.post, Self.tracesPath)
        request.headers = [("Content-Type", "application/json")]
        request.body = try info.body(
            experimentID: experimentID, spanSizes: spanSizes, keeping: stored)
        return request
    }

    /// What the server has of a trace, if it tells.
    private func storedTrace(_ id: TraceID) async throws -> MLflowStoredTrace? {
        let request = ExportRequest(.get, "\(Self.tracesPath)/\(id.mlflowID)")
        let (answer, response) = try await client.send(request, .delivery)
        guard case .success = answer else { return nil }
        return MLflowStoredTrace(response)
    }
}

/// What is learnt about the server on the way, over all connections.
final class MLflowServerManner: Sendable {
    private let replaces = Atomic(false)

    /// Whether the server takes what is said of a trace for all there is.
    var replacesTraces: Bool { replaces.load(ordering: .relaxed) }

    func noteReplacement() { replaces.store(true, ordering: .relaxed) }
}
