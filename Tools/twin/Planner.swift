import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import SpanLog

/// The agent: it is asked, and asks the others.
struct Planner: Part {
    let client: HTTPClient

    func answer(
        _ words: [String: String], _ headers: [String: String]
    ) async throws -> [String: String] {
        try await withTraceContext(
            sessionID: "monday", userID: "ada", tags: ["channel": "web"], metadata: ["build": "42"]
        ) {
            try await withSpan("agent") { agent in
                try await plan(agent, words)
                return ["trace": TraceID.current?.mlflowID ?? ""]
            }
        }
    }

    private func plan(_ agent: any Span, _ words: [String: String]) async throws {
        agent.spanType = .agent
        agent.setDescription("Answers a question.")
        agent.setInputs(["messages": [["role": "user", "content": "How long is it?"]]])
        withSpan("look") { span in
            span.spanType = .tool
            span.setLogLevel(.warning)
            span.setInputs(["picture": Attachment(contentType: "image/png", bytes: 0...255)])
            span.setOutputs("a bridge")
        }
        let page = try await call(words["researcher"], ["question": "How long is it?"])["page"]
        let text = try await call(words["writer"], ["page": page ?? ""])["text"]
        withSpan("parse") { span in
            span.spanType = .parser
            span.setInputs(text)
            span.setOutputs(1.5)
            span.attributes["number"] = 7
            span.attributes["text"] = "Größe"
            span.attributes["looks like JSON"] = #"{"a": 1}"#
            span.addEvent(SpanEvent(name: "parsed", attributes: ["unit": "km"]))
            span.addLink(SpanLink(context: agent.context, attributes: ["why": "asked"]))
        }
        agent.updateTrace(
            name: "the bridge", tags: ["team": "bridges"], metadata: ["source": "survey"],
            clientRequestID: "request 7", requestPreview: "asked for a length",
            responsePreview: "1.5 km")
        agent.setOutputs(json: #"{"length": 1.5, "exact": null}"#)
        judge(agent)
    }

    /// Posts to another service, with the headers by which it joins the trace.
    private func call(
        _ url: String?, _ words: [String: String]
    ) async throws -> [String: String] {
        var request = HTTPClientRequest(url: url ?? "")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        for (name, value) in tracingContextHeadersForHTTPRequest() {
            request.headers.add(name: name, value: value)
        }
        request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(words)))
        let response = try await client.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 1 << 20)
        return try JSONDecoder().decode([String: String].self, from: body)
    }

    private func judge(_ agent: any Span) {
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
