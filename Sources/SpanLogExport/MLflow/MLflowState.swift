/// The states of a trace, by their names in MLflow.
public enum MLflowState: String, Sendable, CaseIterable {
    /// The root ended without an error.
    case ok = "OK"
    /// The root failed, never ended, or is nowhere.
    case error = "ERROR"
    /// The service said so itself.
    case inProgress = "IN_PROGRESS"
}
