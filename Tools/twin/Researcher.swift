import SpanLog

/// The retriever, one of whose tools fails.
struct Researcher: Part {
    func answer(
        _ words: [String: String], _ headers: [String: String]
    ) async throws -> [String: String] {
        withTracingContext(fromHTTPRequestHeaders: headers) {
            withSpan("research") { span in
                span.spanType = .retriever
                span.setInputs(words)
                updateCurrentTrace(tags: ["read by": "researcher"])
                withSpan("turn the page") { span in
                    span.spanType = .tool
                    span.setInputs(["page": -1])
                    span.recordException(type: "ValueError", message: "no page")
                    span.setStatus(SpanStatus(code: .error, message: "ValueError: no page"))
                }
                span.setOutputs([["page_content": "1.5 km", "id": "a"]])
                return ["page": "1.5 km"]
            }
        }
    }
}
