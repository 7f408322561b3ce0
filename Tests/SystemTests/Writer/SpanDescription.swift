import SpanLog

/// What a test says of a span.
struct SpanDescription: Decodable {
    let name: String
    /// The new name that it gets before it ends.
    let renamed: String?
    let kind: Kind?
    /// Under which name later spans call this one their parent.
    let key: String?
    let parent: String?
    /// The headers that it is started from; ignored if there is a parent.
    let headers: [String: String]?
    let start: UInt64
    /// The span is left open without it.
    let end: UInt64?
    let attributes: [String: TypedValue]?
    let events: [Event]?
    let links: [Link]?
    let status: Status?
    let type: String?
    let inputs: String?
    let outputs: String?

    struct Event: Decodable {
        let name: String
        let time: UInt64
        let attributes: [String: TypedValue]?
    }

    struct Link: Decodable {
        let headers: [String: String]
        let attributes: [String: TypedValue]?
    }

    struct Status: Decodable {
        let code: Code
        let message: String?

        enum Code: String, Decodable { case ok, error }
    }

    enum Kind: String, Decodable { case server, client, producer, consumer, `internal` }
}

/// An instant that the test gives.
struct Instant: TracerInstant {
    let nanosecondsSinceEpoch: UInt64

    static func < (left: Self, right: Self) -> Bool {
        left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
    }
}

extension SpanDescription {
    /// Starts the span that is described.
    func start(with tracer: SpanLogTracer, parent: ActiveSpan?) -> ActiveSpan {
        tracer.startSpan(
            name, context: parent?.context ?? Self.context(from: headers ?? [:]),
            ofKind: SpanKind(kind ?? .internal), at: Instant(nanosecondsSinceEpoch: start),
            function: #function, file: #fileID, line: #line)
    }

    /// Writes everything but the end to the span.
    func fill(_ span: ActiveSpan) {
        span.attributes = SpanAttributes(attributes)
        for event in events ?? [] {
            span.addEvent(
                SpanEvent(
                    name: event.name, at: Instant(nanosecondsSinceEpoch: event.time),
                    attributes: SpanAttributes(event.attributes)))
        }
        for link in links ?? [] {
            span.addLink(
                SpanLink(
                    context: Self.context(from: link.headers),
                    attributes: SpanAttributes(link.attributes)))
        }
        if let type { span.spanType = SpanType(rawValue: type) }
        if let inputs { span.setInputs(inputs) }
        if let outputs { span.setOutputs(outputs) }
        if let status {
            span.setStatus(
                SpanStatus(code: status.code == .ok ? .ok : .error, message: status.message))
        }
        if let renamed { span.operationName = renamed }
    }

    private static func context(from headers: [String: String]) -> ServiceContext {
        withTracingContext(fromHTTPRequestHeaders: headers) { ServiceContext.current ?? .topLevel }
    }
}

extension SpanKind {
    fileprivate init(_ kind: SpanDescription.Kind) {
        switch kind {
        case .server: self = .server
        case .client: self = .client
        case .producer: self = .producer
        case .consumer: self = .consumer
        case .internal: self = .internal
        }
    }
}
