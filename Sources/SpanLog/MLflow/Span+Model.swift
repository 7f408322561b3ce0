internal import SpanLogFormat
public import Tracing

/// What is to be said of a call of a language model.
///
/// ```swift
/// try await withSpan("answer") { span in
///     span.spanType = .chatModel
///     span.setModel("gpt-4o", provider: "openai")
///     span.setMessageFormat("openai")
///     span.setChatTools([weatherTool])
///     span.setInputs(request)
///     let response = try await client.chat(request)
///     span.setOutputs(response)
///     span.setTokenUsage(TokenUsage(inputTokens: 11, outputTokens: 7, cacheReadInputTokens: 5))
/// }
/// ```
extension Tracing.Span {
    /// Says which model was called, and whose it is. A second call replaces the first.
    public func setModel(_ model: String, provider: String? = nil) {
        record(.string(model), for: AttributeKey.model)
        if let provider { record(.string(provider), for: AttributeKey.provider) }
    }

    /// Says how many tokens the call took. A second call replaces the first.
    public func setTokenUsage(_ usage: TokenUsage) {
        recordJSON(usage, for: AttributeKey.tokenUsage, error: "spanlog.usage.encoding_error")
    }

    /// Says what the call cost, where MLflow's own list of prices does not know. A second call
    /// replaces the first.
    public func setCost(_ cost: ModelCost) {
        recordJSON(cost, for: AttributeKey.cost, error: "spanlog.cost.encoding_error")
    }

    /// Says which tools the model could call, as a list of OpenAI's tool definitions: MLflow's page
    /// shows them beside the conversation. A second call replaces the first.
    public func setChatTools(_ tools: some Encodable) {
        recordJSON(tools, for: AttributeKey.chatTools, error: "spanlog.tools.encoding_error")
    }

    /// Says whose form inputs and outputs have, such as `openai`, `anthropic` or `gemini`, so that
    /// MLflow's page draws them as a conversation.
    public func setMessageFormat(_ format: String) {
        record(.string(format), for: AttributeKey.messageFormat)
    }
}
