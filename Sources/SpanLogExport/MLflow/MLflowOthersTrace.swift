/// What the server has of a trace whose root somebody else brought.
struct MLflowOthersTrace {
    /// The ids of its assessments: to send one again would add another one, or fail.
    private(set) var assessments: Set<String> = []
    /// Where its files are kept.
    private(set) var artifactLocation: String?

    /// A trace of which the server does not tell what it has.
    init() {}

    /// Reads the server's answer.
    ///
    /// - Returns: `nil` if its root is not there, or came from an export.
    init?(_ response: ExportResponse) {
        guard let info = JSON.decoded(Found.self, response.body)?.trace.traceInfo else {
            return nil
        }
        // Without a root the server leaves a trace in progress; ended by an export, it is marked.
        let hasEnded = [MLflowState.ok, .error].map(\.rawValue).contains(info.state ?? "")
        guard hasEnded, info.traceMetadata?[MLflowKey.headless] == nil else { return nil }
        assessments = Set(info.assessments?.compactMap(\.assessmentId) ?? [])
        artifactLocation = info.tags?[MLflowKey.artifactLocation]
    }

    private struct Found: Decodable {
        let trace: Trace

        struct Trace: Decodable { let traceInfo: Info }

        struct Info: Decodable {
            let state: String?
            let traceMetadata: [String: String]?
            let tags: [String: String]?
            let assessments: [Assessment]?
        }

        struct Assessment: Decodable { let assessmentId: String? }
    }
}
