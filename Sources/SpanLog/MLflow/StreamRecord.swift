internal import SpanLogFormat
internal import Synchronization
internal import Tracing

/// What the spans of a traced sequence have in common.
struct StreamSettings<Element: Encodable & Sendable>: Sendable {
    let name: String
    let type: SpanType
    let tracer: any Tracer
    /// Where the sequence was made.
    let context: ServiceContext
    let inputs: (any Encodable & Sendable)?
    let setOutputs: @Sendable (any Tracing.Span, [Element]) -> Void
}

/// The span of one iteration of a traced sequence. When nobody iterates any more, it ends.
final class StreamRecord<Element: Encodable & Sendable>: Sendable {
    private let span: any Tracing.Span
    private let setOutputs: @Sendable (any Tracing.Span, [Element]) -> Void
    private let elements = Mutex<[Element]?>([])

    init(_ settings: StreamSettings<Element>) {
        span = settings.tracer.startAnySpan(settings.name, context: settings.context)
        setOutputs = settings.setOutputs
        if settings.type != .unknown { span.spanType = settings.type }
        if let inputs = settings.inputs { span.setInputs(inputs) }
    }

    deinit {
        finish(as: Task.isCancelled ? "cancelled" : "abandoned")
    }

    /// The context in which the sequence does its work.
    var context: ServiceContext { span.context }

    func add(_ element: Element) {
        guard span.isRecording else { return }
        let index = elements.withLock { elements in
            elements?.append(element)
            return (elements?.count ?? 0) - 1
        }
        guard index >= 0 else { return }
        let value =
            (try? JSONText.encode(element, in: span))
            ?? (try? JSONText.encode(String(describing: element))) ?? "null"
        span.addEvent(
            SpanEvent(
                name: AttributeKey.chunkNamePrefix + String(index),
                attributes: [AttributeKey.chunkValue: .string(value)]))
    }

    /// The sequence has ended, by itself or because the task was cancelled.
    func finish() {
        finish(as: Task.isCancelled ? "cancelled" : nil)
    }

    func fail(_ error: any Error) {
        guard takeElements() != nil else { return }
        span.recordError(error)
        span.setStatus(SpanStatus(code: .error))
        span.end()
    }

    /// - Parameter end: How the sequence ended, if not by itself.
    private func finish(as end: String?) {
        guard let elements = takeElements() else { return }
        if let end { span.record(.string(end), for: "spanlog.stream.end") }
        setOutputs(span, elements)
        span.end()
    }

    /// The elements so far, once.
    private func takeElements() -> [Element]? {
        elements.withLock { elements in
            defer { elements = nil }
            return elements
        }
    }
}
