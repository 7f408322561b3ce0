import Foundation
import SpanLog

/// Says everything that SpanLog can say, as three services and somebody who comes later:
/// `SpanLogTestVocabulary STORES answer` records a question and its answer, and prints their ids as JSON;
/// `SpanLogTestVocabulary STORES judge TRACEPARENT` judges the answer afterwards;
/// `SpanLogTestVocabulary STORES join TRACEPARENT` does research for somebody else's question.
@main
struct VocabularyProgram {
    static func main() async throws {
        let arguments = CommandLine.arguments
        let stores = URL(filePath: arguments.dropFirst().first ?? "")
        let span = arguments.dropFirst(3).first.flatMap(SpanIdentity.init(traceparent:))
        switch (arguments.dropFirst(2).first, span) {
        case ("answer", nil): try show(try await Planner(stores).answer())
        case ("judge", let span?): try await Visitor(stores).judge(span)
        case ("join", .some): try await Researcher(stores).research(["traceparent": arguments[3]])
        default:
            let usage = "usage: SpanLogTestVocabulary STORES answer|judge|join [TRACEPARENT]\n"
            FileHandle.standardError.write(Data(usage.utf8))
            exit(64)
        }
    }

    private static func show(_ ids: [String: String]) throws {
        FileHandle.standardOutput.write(try JSONEncoder().encode(ids) + Data("\n".utf8))
    }

    /// A recorder of its own for each service, as if it were a process.
    static func recorder(_ name: String, _ stores: URL) throws -> Recorder {
        let directory = stores.appending(path: name).path()
        return try Recorder(.init(serviceName: name, directory: directory))
    }
}

/// The service that is asked.
struct Planner {
    private let stores: URL
    private let recorder: Recorder
    private var tracer: SpanLogTracer { recorder.tracer }

    init(_ stores: URL) throws {
        self.stores = stores
        recorder = try VocabularyProgram.recorder("planner", stores)
    }

    func answer() async throws -> [String: String] {
        var ids: [String: String] = [:]
        try await withTraceContext(
            sessionID: "monday", userID: "ada", tags: ["channel": "web", "team": "nobody"],
            metadata: ["build": "42"], isInBaggage: true
        ) {
            try await tracer.withSpan("question", ofKind: .server) { span in
                ids["answer"] = span.identity.traceID.description
                ids["traceparent"] = tracingContextHeadersForHTTPRequest()["traceparent"]
                try await plan(span)
            }
            ids["manual"] = manual().description
            ids["genai"] = otherInstrumentation().description
        }
        try await recorder.shutdown()
        return ids
    }

    private func plan(_ span: ActiveSpan) async throws {
        span.spanType = .agent
        span.setDescription("Answers a question.")
        span.setInputs(["messages": [["role": "user", "content": "How long is it?"]]])
        span.updateTrace(name: "too early", tags: ["team": "bridges"])
        try await Researcher(stores).research(tracingContextHeadersForHTTPRequest())
        for type in types {
            tracer.withSpan(type.rawValue) { $0.spanType = type }
        }
        span.setOutputs(json: #"{"length": 1.5, "unit": "km", "exact": null}"#)
        span.logAssessment(
            .feedback("checked", true, source: .code("unit test"), rationale: "Measured twice."))
        span.logAssessment(.expectation("length", ["km": 1.5]))
        span.logAssessment(
            .feedback(
                "judged", error: .init(code: "LIMIT", message: "later"),
                source: .llmJudge("gpt-4o")),
            isAboutSpan: true)
    }

    private var types: [SpanType] {
        [
            .llm, .chain, .agent, .tool, .chatModel, .retriever, .parser, .embedding, .reranker,
            .memory, .unknown, .workflow, .task, .guardrail, .evaluator, "SURVEY",
        ]
    }

    /// Work that is recorded afterwards, with its times.
    private func manual() -> TraceID {
        let start: UInt64 = 1_700_000_000_000_000_000
        let root = tracer.startSpan(
            "import", childOf: nil, at: SpanTime(nanosecondsSinceEpoch: start))
        let step = tracer.startSpan(
            "parse", childOf: root.identity, at: SpanTime(nanosecondsSinceEpoch: start + 1_000_000))
        step.addLink(SpanLink(to: root.identity, attributes: ["why": "again"]))
        step.end(
            outputs: 2, status: .init(code: .error, message: "bad row"),
            at: SpanTime(nanosecondsSinceEpoch: start + 2_000_000))
        root.updateTrace(status: .error)
        root.end(at: SpanTime(nanosecondsSinceEpoch: start + 3_000_000))
        return root.identity.traceID
    }

    /// What a library writes that knows OpenTelemetry's conventions and not MLflow.
    private func otherInstrumentation() -> TraceID {
        let span = tracer.startSpan("chat gpt-4o", childOf: nil, ofKind: .client)
        span.updateAttributes { attributes in
            attributes["gen_ai.operation.name"] = "chat"
            attributes["gen_ai.provider.name"] = "openai"
            attributes["gen_ai.request.model"] = "gpt-4o"
            attributes["gen_ai.usage.input_tokens"] = 1000
            attributes["gen_ai.usage.output_tokens"] = 10
            attributes["gen_ai.input.messages"] = #"[{"role": "user", "content": "hello"}]"#
            attributes["gen_ai.output.messages"] = #"[{"role": "assistant", "content": "hi"}]"#
        }
        span.end()
        return span.identity.traceID
    }
}
