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

    /// What the merge adds to a span that it had to change: the identifier that it shared with
    /// another span,
    package static let originalSpanID = "spanlog.original_span_id"
    /// the parent that it had before its parent got another identifier,
    package static let originalParentSpanID = "spanlog.original_parent_span_id"
    /// and the parent that closed a cycle.
    package static let cycleParentSpanID = "spanlog.cycle_parent_span_id"
}
