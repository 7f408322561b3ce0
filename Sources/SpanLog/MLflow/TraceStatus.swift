/// How a trace as a whole went: MLflow's *TraceState*.
///
/// Unless somebody says so, it is that of the root: an error if the root failed or never ended.
public enum TraceStatus: String, Sendable {
    /// It did what it was to do.
    case ok = "OK"
    /// It failed.
    case error = "ERROR"
    /// It goes on somewhere.
    case inProgress = "IN_PROGRESS"
}
