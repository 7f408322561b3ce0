import Foundation
import SpanLog

/// The program that `test_twin.py` writes with MLflow's SDK, too.
struct Twin {
    private let recorder: Recorder
    private var tracer: SpanLogTracer { recorder.tracer }

    init(_ stores: URL) throws {
        recorder = try VocabularyProgram.recorder("twin", stores)
    }

    func run() async throws -> [String: String] {
        var ids: [String: String] = [:]
        try await withTracer(recorder.tracer) {
            try await withTraceContext(
                sessionID: "monday", userID: "ada", tags: ["channel": "web"],
                metadata: ["build": "42"]
            ) {
                let agent = tracer.startSpan("agent", childOf: nil)
                ids["traceparent"] =
                    tracingContextHeadersForHTTPRequest(context: agent.context)[
                        "traceparent"]
                try await ServiceContext.withValue(agent.context) { try await work(agent) }
                agent.end()
            }
        }
        try await recorder.shutdown()
        return ids
    }

    private func work(_ agent: ActiveSpan) async throws {
        agent.spanType = .agent
        agent.setDescription("Answers a question.")
        agent.setInputs(["messages": [["role": "user", "content": "How long is it?"]]])
        withSpan("look") { span in
            span.spanType = .retriever
            span.setLogLevel(.warning)
            span.setInputs(["picture": Attachment(contentType: "image/png", bytes: 0...255)])
            span.setOutputs([["page_content": "1.5 km", "id": "a"]])
        }
        tool()
        try await model()
        withSpan("parse") { span in
            span.spanType = .parser
            span.setInputs("1.5 km")
            span.setOutputs(1.5)
            span.attributes["number"] = 7
            span.attributes["text"] = "Größe"
            span.addEvent(SpanEvent(name: "parsed", attributes: ["unit": "km"]))
            span.addLink(SpanLink(to: agent.identity, attributes: ["why": "asked"]))
        }
        agent.updateTrace(
            name: "the bridge", tags: ["team": "bridges"], metadata: ["source": "survey"],
            clientRequestID: "request 7", requestPreview: "asked for a length",
            responsePreview: "1.5 km")
        agent.setOutputs(json: #"{"length": 1.5, "exact": null}"#)
        judge(agent)
    }

    private func tool() {
        withSpan("tool") { span in
            span.spanType = .tool
            span.setInputs(["page": -1])
            span.recordException(type: "ValueError", message: "no page")
            span.setStatus(SpanStatus(code: .error, message: "ValueError: no page"))
        }
    }

    private func model() async throws {
        try await withSpan("model") { span in
            span.spanType = .chatModel
            span.setModel("gpt-4o", provider: "openai")
            span.setMessageFormat("openai")
            span.setChatTools([["type": "function"]])
            span.setTokenUsage(
                TokenUsage(inputTokens: 11, outputTokens: 7, cacheReadInputTokens: 5))
            span.setCost(ModelCost(input: 0.5, output: 0.25))
            let words = AsyncStream<String> { continuation in
                for word in ["it", "is", "1.5 km"] { continuation.yield(word) }
                continuation.finish()
            }
            let stream = words.traced("stream", ofType: .llm, inputs: ["count": 3]) {
                $0.joined(separator: " ")
            }
            for try await _ in stream {}
        }
    }

    private func judge(_ agent: ActiveSpan) {
        agent.logAssessment(
            .feedback("checked", true, source: .code("unit test"), rationale: "Measured twice."))
        agent.logAssessment(.feedback("stars", 4, source: .human("bob"), metadata: ["page": "7"]))
        agent.logAssessment(.expectation("length", ["km": 1.5]))
        agent.logAssessment(
            .feedback(
                "judged", error: .init(code: "LIMIT", message: "later"),
                source: .llmJudge("gpt-4o")),
            isAboutSpan: true)
    }
}
