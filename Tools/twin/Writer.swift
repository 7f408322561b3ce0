import SpanLog

/// The model, which streams its answer.
struct Writer: Part {
    func answer(
        _ words: [String: String], _ headers: [String: String]
    ) async throws -> [String: String] {
        try await withTracingContext(fromHTTPRequestHeaders: headers) {
            try await withSpan("model") { span in
                span.spanType = .chatModel
                span.setInputs(words)
                span.setModel("gpt-4o", provider: "openai")
                span.setMessageFormat("openai")
                span.setChatTools([["type": "function"]])
                span.setTokenUsage(
                    TokenUsage(inputTokens: 11, outputTokens: 7, cacheReadInputTokens: 5))
                span.setCost(ModelCost(input: 0.5, output: 0.25))
                var text: [String] = []
                let answer = stream(of: "it is", words["page"]).traced(
                    "stream", ofType: .llm, inputs: ["count": 3]
                ) { $0.joined(separator: " ") }
                for try await word in answer { text.append(word) }
                span.setOutputs(text.joined(separator: " "))
                return ["text": text.joined(separator: " ")]
            }
        }
    }

    private func stream(of beginning: String, _ end: String?) -> AsyncStream<String> {
        AsyncStream { continuation in
            for word in beginning.split(separator: " ") { continuation.yield(String(word)) }
            continuation.yield(end ?? "")
            continuation.finish()
        }
    }
}
