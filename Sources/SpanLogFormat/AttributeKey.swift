/// The attributes that carry MLflow's vocabulary through a store: recorder, merge and export agree
/// on these names.
package enum AttributeKey {
    package static let spanType = "mlflow.spanType"
    package static let spanInputs = "mlflow.spanInputs"
    package static let spanOutputs = "mlflow.spanOutputs"
    /// Before the key of a tag of the trace.
    package static let traceTagPrefix = "mlflow.traceTag."
    package static let traceName = "mlflow.traceTag.mlflow.traceName"
    package static let session = "session.id"
    package static let user = "user.id"
    /// When the recorder of an unfinished span was last alive, in nanoseconds since 1970.
    package static let lastSeen = "spanlog.last_seen_unix_nano"
}
