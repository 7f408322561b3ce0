import SpanLogFormat

// A trace whose root is in no store may have its root in MLflow: a Python process recorded it that
// talked to the server itself. What that process said of the trace stays as it is.
extension MLflowDelivery {
    /// Those of the traces without a root that the server has from somebody else, root included, or of
    /// which it does not tell.
    func othersTraces(
        among traces: [MLflowTrace], _ outcome: inout MLflowDeliveryOutcome
    ) async throws -> Set<TraceID> {
        var others: Set<TraceID> = []
        for trace in traces where trace.info.isHeadless {
            let request = ExportRequest(.get, "\(Self.tracesPath)/tr-\(trace.id)")
            let (answer, response) = try await client.send(request, .delivery)
            switch answer {
            case .unknownResource: continue
            case .success: if !Self.isFromOthers(response) { continue }
            case .refusal(let reason), .failure(let reason), .busy(let reason):
                outcome.refuse(trace.id, nil, "what the server has of it cannot be read: \(reason)")
            case .fatal(let error): throw error
            }
            others.insert(trace.id)
        }
        return others
    }

    private static func isFromOthers(_ response: ExportResponse) -> Bool {
        guard let info = JSON.decoded(Found.self, response.body)?.trace.traceInfo else {
            return false
        }
        // Without a root the server leaves a trace in progress; ended by an export, it is marked.
        let hasEnded = [MLflowState.ok, .error].map(\.rawValue).contains(info.state ?? "")
        return hasEnded && info.traceMetadata?[MLflowKey.headless] == nil
    }

    /// Adds the tags and the name that spans gave the trace to what the server has of it.
    func complete(_ trace: MLflowTrace, _ outcome: inout MLflowDeliveryOutcome) async throws {
        for (key, value) in trace.info.givenTags.sorted(by: { $0.key < $1.key }) {
            var request = ExportRequest(.patch, "\(Self.tracesPath)/tr-\(trace.id)/tags")
            request.headers = [("Content-Type", "application/json")]
            request.body = try JSON.encoded(["key": key, "value": value])
            guard let refusal = try await refusal(of: request) else { continue }
            try failures.record(refusal, at: client.address)
            outcome.refuse(trace.id, nil, refusal.reason)
        }
    }

    private static let tracesPath = "/api/3.0/mlflow/traces"

    private struct Found: Decodable {
        let trace: Trace

        struct Trace: Decodable { let traceInfo: Info }

        struct Info: Decodable {
            let state: String?
            let traceMetadata: [String: String]?
        }
    }
}
