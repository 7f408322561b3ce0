internal import SpanLogFormat

/// What is said about a trace as a whole, at one moment.
struct TraceFacts: Sendable {
    var name: String?
    var tags: [String: String] = [:]
    var metadata: [String: String] = [:]
    var sessionID: String?
    var userID: String?
    var clientRequestID: String?
    var requestPreview: String?
    var responsePreview: String?
    var status: TraceStatus?

    /// Calls `body` with each fact as the attribute of a span that says it.
    func forEachAttribute(_ body: (_ key: String, _ value: String) -> Void) {
        let single = [
            (AttributeKey.traceName, name), (AttributeKey.session, sessionID),
            (AttributeKey.user, userID), (AttributeKey.clientRequestID, clientRequestID),
            (AttributeKey.requestPreview, requestPreview),
            (AttributeKey.responsePreview, responsePreview),
            (AttributeKey.traceState, status?.rawValue),
        ]
        for case (let key, let value?) in single { body(key, value) }
        for (key, value) in tags { body(AttributeKey.traceTagPrefix + key, value) }
        for (key, value) in metadata { body(AttributeKey.traceMetadataPrefix + key, value) }
    }

    /// The facts as attributes of a note, which is said when it starts.
    var attributes: [Attribute] {
        var attributes: [Attribute] = []
        forEachAttribute { attributes.append(Attribute($0, .string($1))) }
        return attributes.sorted { $0.key < $1.key }
    }
}
