extension MLflowTraceInfo {
    /// Adds to `info`, which is what this says of the trace, what else the server has of it.
    func keep(_ stored: MLflowStoredTrace, in info: inout Info) {
        var metadata = stored.metadata
        // The server of MLflow 3.9 adds up again what is sent again.
        if let tokenUsage { metadata[MLflowKey.tokenUsage] = tokenUsage }
        info.traceMetadata.merge(metadata) { said, _ in said }
        info.tags.merge(stored.repeatableTags) { said, _ in said }
        let said = Set(assessments.map(\.id))
        let kept = stored.assessments.filter { !said.contains($0.key) }
        info.assessments =
            ((info.assessments ?? []) + kept.sorted { $0.key < $1.key }.map { .kept($0.value) })
            .nilIfEmpty
    }
}
