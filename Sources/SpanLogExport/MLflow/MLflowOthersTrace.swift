/// What the server has of a trace whose root somebody else brought.
struct MLflowOthersTrace {
    /// Its assessments by their ids: to send one again would add another one, or fail.
    private(set) var assessments: [String: JSONValue] = [:]
    /// Where its files are kept.
    private(set) var artifactLocation: String?

    /// A trace of which the server does not tell what it has.
    init() {}

    /// - Returns: `nil` if the root is not there, or came from an export.
    init?(_ stored: MLflowStoredTrace) {
        // Without a root the server leaves a trace in progress; ended by an export, it is marked.
        let hasEnded = [MLflowState.ok, .error].map(\.rawValue).contains(stored.state ?? "")
        guard hasEnded, stored.metadata[MLflowKey.headless] == nil else { return nil }
        assessments = stored.assessments
        artifactLocation = stored.artifactLocation
    }
}
