import FoundationEssentials
import SpanLogFormat
import SpanLogMerge

/// Bytes that the inputs or outputs of a trace's spans refer to.
struct MLflowAttachment: Sendable {
    /// A UUID in its usual form: the server takes nothing else.
    let id: String
    let contentType: String
    let bytes: [UInt8]

    /// The attachments of a trace, in the order of their ids, each once.
    static func all(of trace: ArchivedTrace) -> [MLflowAttachment] {
        var all: [String: MLflowAttachment] = [:]
        for span in trace.spans where span.isNote {
            guard let attachment = MLflowAttachment(span.record) else { continue }
            all[attachment.id] = attachment
        }
        return all.values.sorted { $0.id < $1.id }
    }

    private init?(_ note: SpanRecord) {
        let attributes = note.attributes
        guard let id = attributes.text(for: AttributeKey.attachmentID),
            UUID(uuidString: id)?.uuidString.lowercased() == id,
            let text = attributes.text(for: AttributeKey.attachmentContent),
            let bytes = Data(base64Encoded: text)
        else { return nil }
        self.id = id
        self.bytes = Array(bytes)
        contentType =
            attributes.text(for: AttributeKey.attachmentContentType)
            ?? "application/octet-stream"
    }
}

extension MLflowDelivery {
    /// Puts the attachments of a trace where the server keeps the trace's files.
    ///
    /// - Parameter location: What the server says of that place.
    func sendAttachments(
        of trace: MLflowTrace, to location: String?, _ outcome: inout MLflowDeliveryOutcome
    ) async throws {
        guard !trace.attachments.isEmpty else { return }
        guard let path = Self.path(ofArtifacts: location) else {
            let place = location.map { "are kept at \($0), where" } ?? "have no place that"
            return outcome.refuse(
                trace.id, nil,
                """
                its \(trace.attachments.count) attachments cannot be sent: the files of the \
                experiment \(place) the server does not take them. Start the server with \
                --serve-artifacts and export to a new experiment.
                """)
        }
        for attachment in trace.attachments {
            var request = ExportRequest(.put, "\(path)/attachments/\(attachment.id)")
            request.headers = [("Content-Type", "application/octet-stream")]
            request.body = attachment.bytes
            guard let refusal = try await refusal(of: request) else { continue }
            try failures.record(refusal, at: client.address)
            outcome.refuse(trace.id, nil, "attachment \(attachment.id): \(refusal.reason)")
        }
    }

    /// Where to put files, if they go through the server: `mlflow-artifacts:/PATH` by its own name.
    private static func path(ofArtifacts location: String?) -> String? {
        let scheme = "mlflow-artifacts:"
        guard let location, location.hasPrefix(scheme) else { return nil }
        var path = location.dropFirst(scheme.count)
        // With a host, as in `mlflow-artifacts://host:port/PATH`, it is that of the server.
        if path.hasPrefix("//") { path = path.dropFirst(2).drop { $0 != "/" } }
        let segments = path.split(separator: "/").map(String.init)
        guard !segments.isEmpty, !segments.contains("..") else { return nil }
        let escaped = segments.map(\.percentEncoded).joined(separator: "/")
        return "/api/2.0/mlflow-artifacts/artifacts/\(escaped)"
    }
}
