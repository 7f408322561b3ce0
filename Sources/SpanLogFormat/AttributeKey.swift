/// The attributes that carry MLflow's vocabulary through a store: recorder, merge and export agree
/// on these names.
package enum AttributeKey {
    package static let spanType = "mlflow.spanType"
    package static let spanInputs = "mlflow.spanInputs"
    package static let spanOutputs = "mlflow.spanOutputs"
    package static let spanDescription = "mlflow.spanDescription"
    package static let functionName = "mlflow.spanFunctionName"
    package static let logLevel = "mlflow.spanLogLevel"
    package static let model = "mlflow.llm.model"
    package static let provider = "mlflow.llm.provider"
    package static let cost = "mlflow.llm.cost"
    package static let tokenUsage = "mlflow.chat.tokenUsage"
    package static let chatTools = "mlflow.chat.tools"
    package static let messageFormat = "mlflow.message.format"

    /// Of an event for a chunk of a stream: what the chunk is, as JSON.
    package static let chunkValue = "mlflow.chunk.value"
    /// Before the number of the chunk, in the name of the event.
    package static let chunkNamePrefix = "mlflow.chunk.item."

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

// What a span says about its trace as a whole. Of spans that say different things, the one counts
// that said it last.
extension AttributeKey {
    /// Before the key of a tag of the trace.
    package static let traceTagPrefix = "mlflow.traceTag."
    package static let traceName = "mlflow.traceTag.mlflow.traceName"
    package static let session = "session.id"
    package static let user = "user.id"

    /// Before everything that MLflow has no attribute of a span for.
    package static let tracePrefix = "spanlog.trace."
    /// Before the key of the trace's metadata.
    package static let traceMetadataPrefix = "spanlog.trace.metadata."
    package static let clientRequestID = "spanlog.trace.client_request_id"
    package static let requestPreview = "spanlog.trace.request_preview"
    package static let responsePreview = "spanlog.trace.response_preview"
    package static let traceState = "spanlog.trace.state"
    /// Before the id of an assessment, which is JSON.
    package static let assessmentPrefix = "spanlog.trace.assessment."

    /// Before the key of another attribute of the span: when that was said, in nanoseconds since
    /// 1970 by the host's wall clock. Without it, it was said when the span started; 0 stands for
    /// before everything else.
    package static let saidAtPrefix = "spanlog.said_at."
}

// Notes: spans that stand for no work, and say something about their trace.
extension AttributeKey {
    /// The name of a note. Nobody gives a span such a name by chance.
    package static let noteName = "spanlog.note"

    /// Of a note that is an attachment: its id, its content type, and its bytes in base64.
    package static let attachmentID = "spanlog.attachment.id"
    package static let attachmentContentType = "spanlog.attachment.content_type"
    package static let attachmentContent = "spanlog.attachment.base64"
}
