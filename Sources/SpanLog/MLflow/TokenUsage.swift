/// How many tokens a call of a model took.
///
/// MLflow adds them up over the spans of a trace, and works out the cost from them, the model and the
/// provider where nobody has said it.
public struct TokenUsage: Hashable, Sendable {
    /// The tokens of the request, those read from a cache included.
    public var inputTokens: Int
    /// The tokens of the answer.
    public var outputTokens: Int
    /// All tokens: the sum, unless the provider counts otherwise.
    public var totalTokens: Int
    /// The tokens of the request that the provider had in its cache.
    public var cacheReadInputTokens: Int?
    /// The tokens of the request that the provider put into its cache.
    public var cacheCreationInputTokens: Int?
    /// Those of ``cacheCreationInputTokens`` that stay there for an hour, which cost more.
    public var cacheCreationInputTokensAbove1Hour: Int?

    /// Creates the usage of one call. Unless said otherwise, the total is the sum of input and output.
    public init(
        inputTokens: Int, outputTokens: Int, totalTokens: Int? = nil,
        cacheReadInputTokens: Int? = nil, cacheCreationInputTokens: Int? = nil,
        cacheCreationInputTokensAbove1Hour: Int? = nil
    ) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.totalTokens =
            totalTokens
            ?? inputTokens.addingReportingOverflow(outputTokens)
            .partialValue
        self.cacheReadInputTokens = cacheReadInputTokens
        self.cacheCreationInputTokens = cacheCreationInputTokens
        self.cacheCreationInputTokensAbove1Hour = cacheCreationInputTokensAbove1Hour
    }
}

extension TokenUsage: Encodable {
    private enum CodingKeys: String, CodingKey {
        case inputTokens = "input_tokens"
        case outputTokens = "output_tokens"
        case totalTokens = "total_tokens"
        case cacheReadInputTokens = "cache_read_input_tokens"
        case cacheCreationInputTokens = "cache_creation_input_tokens"
        case cacheCreationInputTokensAbove1Hour = "cache_creation_input_tokens_above_1hr"
    }
}
