import SpanLogFormat

// A trace whose root is in no store may have its root in MLflow: a Python process recorded it that
// talked to the server itself. What that process said of the trace stays as it is.
extension MLflowDelivery {
    /// Those of the traces without a root that the server has from somebody else, root included, or of
    /// which it does not tell.
    func othersTraces(
        among traces: [MLflowTrace], _ outcome: inout MLflowDeliveryOutcome
    ) async throws -> [TraceID: MLflowOthersTrace] {
        var others: [TraceID: MLflowOthersTrace] = [:]
        for trace in traces where trace.info.isHeadless {
            let request = ExportRequest(.get, "\(Self.tracesPath)/\(trace.id.mlflowID)")
            let (answer, response) = try await client.send(request, .delivery)
            var found = MLflowOthersTrace()
            switch answer {
            case .unknownResource: continue
            case .success:
                guard let known = MLflowStoredTrace(response).flatMap(MLflowOthersTrace.init)
                else { continue }
                found = known
            case .refusal(let reason), .failure(let reason), .busy(let reason):
                outcome.refuse(trace.id, nil, "what the server has of it cannot be read: \(reason)")
            case .fatal(let error): throw error
            }
            others[trace.id] = found
        }
        return others
    }

    /// Adds what spans gave the trace to what the server has of it: tags and name, assessments that it
    /// does not have or has otherwise, attachments.
    func complete(
        _ trace: MLflowTrace, _ others: MLflowOthersTrace, _ outcome: inout MLflowDeliveryOutcome
    ) async throws {
        let path = "\(Self.tracesPath)/\(trace.id.mlflowID)"
        for (key, value) in trace.info.givenTags.sorted(by: { $0.key < $1.key }) {
            var request = ExportRequest(.patch, "\(path)/tags")
            request.body = try JSON.encoded(["key": key, "value": value])
            try await add(request, to: trace, &outcome)
        }
        for assessment in trace.info.assessments {
            let stored = others.assessments[assessment.id]
            let request = try Self.storing(assessment, of: trace.id, stored, path)
            if let request { try await add(request, to: trace, &outcome) }
        }
        try await sendAttachments(of: trace, to: others.artifactLocation, &outcome)
    }

    /// The request that adds an assessment, or updates the one that the server has; `nil` if that says
    /// the same.
    private static func storing(
        _ assessment: MLflowAssessment, of trace: TraceID, _ stored: JSONValue?, _ path: String
    ) throws -> ExportRequest? {
        let body = try assessment.body(of: trace)
        guard let stored else {
            var request = ExportRequest(.post, "\(path)/assessments")
            request.body = try JSON.encoded(["assessment": body])
            return request
        }
        guard let update = MLflowAssessmentUpdate(of: stored, to: body) else { return nil }
        var request = ExportRequest(.patch, "\(path)/assessments/\(assessment.id.percentEncoded)")
        request.body = try JSON.encoded(update)
        return request
    }

    private func add(
        _ request: ExportRequest, to trace: MLflowTrace, _ outcome: inout MLflowDeliveryOutcome
    ) async throws {
        var request = request
        request.headers = [("Content-Type", "application/json")]
        guard let refusal = try await refusal(of: request) else { return }
        try failures.record(refusal, at: client.address)
        outcome.refuse(trace.id, nil, refusal.reason)
    }
}
