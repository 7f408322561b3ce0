/// What the server has of a trace as a whole.
struct MLflowStoredTrace {
    let state: String?
    let metadata: [String: String]
    let tags: [String: String]
    /// By their ids, as MLflow's REST API has them.
    let assessments: [String: JSONValue]

    /// Reads an answer of MLflow; `nil` if it is about no trace.
    init?(_ response: ExportResponse) {
        guard let info = JSON.decoded(Answer.self, response.body)?.trace.traceInfo else {
            return nil
        }
        state = info.state
        metadata = info.traceMetadata ?? [:]
        tags = info.tags ?? [:]
        let all = (info.assessments ?? []).compactMap { assessment -> (String, JSONValue)? in
            guard case .string(let id) = assessment["assessment_id"] else { return nil }
            return (id, .object(assessment))
        }
        assessments = Dictionary(all) { $1 }
    }

    /// Where the trace's files are kept.
    var artifactLocation: String? { tags[MLflowKey.artifactLocation] }

    /// The tags that may be said again: those in which the server keeps books it writes itself.
    var repeatableTags: [String: String] {
        tags.filter { ![MLflowKey.artifactLocation, MLflowKey.spansLocation].contains($0.key) }
    }

    private struct Answer: Decodable {
        let trace: Trace

        struct Trace: Decodable { let traceInfo: Info }

        struct Info: Decodable {
            let state: String?
            let traceMetadata: [String: String]?
            let tags: [String: String]?
            let assessments: [[String: JSONValue]]?
        }
    }
}
