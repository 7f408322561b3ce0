import Foundation
import SpanLog

/// A service that only joins the trace, and says most about it.
struct Researcher {
    private let recorder: Recorder
    private var tracer: SpanLogTracer { recorder.tracer }

    /// Red and grey stripes.
    static let picture = Attachment(
        contentType: "image/png",
        bytes: Data(
            base64Encoded: """
                iVBORw0KGgoAAAANSUhEUgAAADAAAAAwCAIAAADYYG7QAAAAR0lEQVR42u3WQQ0AMAgDQORMBP6DnEnABkmP\
                IOBebesfuwICAooDTb9TDwQElAeS1EBAQPaQ6gACsockNRAQkD2kOoCAokELhxnvAAggR4sAAAAASUVORK5C\
                YII=
                """)!)

    init(_ stores: URL) throws {
        recorder = try VocabularyProgram.recorder("researcher", stores)
    }

    func research(_ headers: [String: String]) async throws {
        // Another process would know nothing of the scope but what the headers say.
        try await ServiceContext.withValue(.topLevel) {
            try await withTracingContext(fromHTTPRequestHeaders: headers) {
                try await tracer.withSpan("research", ofKind: .server) { try await work($0) }
            }
        }
        try await recorder.shutdown()
    }

    private func work(_ span: ActiveSpan) async throws {
        updateCurrentTrace(
            name: "the bridge", tags: ["host": "researcher"], metadata: ["source": "survey"],
            clientRequestID: "request 7", requestPreview: "asked for a length",
            responsePreview: "1.5 km")
        tracer.withSpan("look") { span in
            span.spanType = .retriever
            span.setInputs(["picture": Self.picture])
            span.setOutputs(["same": Self.picture])
            span.setLogLevel(.warning)
        }
        try? tracer.withSpan("fail") { _ in throw Broken() }
        tracer.withSpan("fail elsewhere") { span in
            span.recordException(
                type: "ValueError", message: "no page", stackTrace: "File \"a.py\", line 1")
        }
        try await model()
    }

    private struct Broken: Error, CustomStringConvertible {
        let description = "broken"
    }

    /// A streamed answer of a model, and one that nobody reads to its end.
    private func model() async throws {
        try await tracer.withSpan("model") { span in
            span.spanType = .chatModel
            span.setModel("gpt-4o", provider: "openai")
            span.setMessageFormat("openai")
            span.setChatTools([["type": "function"]])
            span.setTokenUsage(
                TokenUsage(inputTokens: 11, outputTokens: 7, cacheReadInputTokens: 5))
            span.setCost(ModelCost(input: 0.5, output: 0.25))
            let words = words.traced("stream", ofType: .llm, by: tracer, inputs: ["n": 3]) {
                $0.joined(separator: " ")
            }
            for try await _ in words {}
            for try await word in self.words.traced("half", by: tracer) where word == "is" { break }
        }
    }

    private var words: AsyncStream<String> {
        AsyncStream { continuation in
            for word in ["it", "is", "1.5 km"] { continuation.yield(word) }
            continuation.finish()
        }
    }
}
