import SpanLogFormat

/// A trace as a line of an ``MLflowFile``: its names, in snake case, are those of MLflow's entities.
struct MLflowFileLine: Encodable {
    let info: MLflowTraceInfo.Info
    let data: Data
    let attachments: [Attachment]?
    /// The tokens of all spans, for those who import into MLflow 3.9.
    let tokenUsage: String?

    struct Data: Encodable { let spans: [Span] }

    struct Span: Encodable {
        /// In base64, as `spanID` and `parentSpanID`.
        let traceID: String
        let spanID: String
        /// MLflow asks for the member, null without a parent.
        let parentSpanID: JSONValue
        let name: String
        let startTimeUnixNano: UInt64
        let endTimeUnixNano: UInt64
        let status: Status
        /// Each value as JSON text.
        let attributes: [String: String]
        let events: [Event]
        let links: [Link]
    }

    struct Status: Encodable {
        let code: String
        let message: String
    }

    struct Event: Encodable {
        let name: String
        let timeUnixNano: UInt64
        let attributes: [String: JSONValue]
    }

    struct Link: Encodable {
        /// As MLflow writes it.
        let traceID: String
        /// In hexadecimal.
        let spanID: String
        let attributes: [String: JSONValue]
    }

    struct Attachment: Encodable {
        let id: String
        let contentType: String
        /// In base64.
        let content: String
    }

    /// Writes exactly what a server would be sent.
    init(_ trace: MLflowTrace) throws {
        info = try trace.info.fileInfo(spanSizes: trace.spans.map(\.bytes.count))
        tokenUsage = trace.info.tokenUsage
        let body = trace.spans.requestBody
        var spans: [Span] = []
        try TracesData.forEachSpan(in: body) { place in
            spans.append(Span(try SpanRecord(decoding: body, place.span)))
        }
        data = Data(spans: spans)
        let attachments = trace.attachments.map {
            Attachment(id: $0.id, contentType: $0.contentType, content: $0.bytes.base64)
        }
        self.attachments = attachments.isEmpty ? nil : attachments
    }
}

extension MLflowFileLine.Span {
    fileprivate init(_ record: SpanRecord) {
        traceID = record.traceID.bytes.base64
        spanID = record.spanID.bytes.base64
        parentSpanID = record.parentSpanID.map { .string($0.bytes.base64) } ?? .null
        name = record.name
        startTimeUnixNano = record.startNanoseconds
        endTimeUnixNano = record.endNanoseconds
        status = MLflowFileLine.Status(
            code: record.status.code == .error ? "STATUS_CODE_ERROR" : "STATUS_CODE_OK",
            message: record.status.message)
        var attributes = record.attributes.map { ($0.key, $0.value.jsonText) }
        // MLflow takes a span's trace from here; the server sets it by itself.
        attributes.append(("mlflow.traceRequestId", JSONText.quoted(record.traceID.mlflowID)))
        self.attributes = Dictionary(attributes) { $1 }
        events = record.events.map {
            MLflowFileLine.Event(
                name: $0.name, timeUnixNano: $0.nanoseconds,
                attributes: $0.attributes.jsonValues)
        }
        links = record.links.map {
            MLflowFileLine.Link(
                traceID: $0.traceID.mlflowID, spanID: "\($0.spanID)",
                attributes: $0.attributes.jsonValues)
        }
    }
}

extension [Attribute] {
    fileprivate var jsonValues: [String: JSONValue] {
        Dictionary(map { ($0.key, JSONValue($0.value)) }) { $1 }
    }
}

extension JSONValue {
    fileprivate init(_ value: AttributeValue) {
        switch value {
        case .empty: self = .null
        case .string(let text): self = .string(text)
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .double(let number):
            self = number.isFinite ? .double(number) : .string(number.pythonText)
        case .bytes(let data): self = .string(data.base64)
        case .array(let values): self = .array(values.map(JSONValue.init))
        case .map(let entries):
            self = .object(Dictionary(entries.map { ($0.key, JSONValue($0.value)) }) { $1 })
        }
    }
}
