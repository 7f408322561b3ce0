/// What kind of work a span stands for in MLflow, which shows and searches spans by it.
///
/// Any string is a type: `span.spanType = "SIMULATION"`.
public struct SpanType: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
    /// The name, as MLflow spells it.
    public let rawValue: String

    /// Creates a type from any name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Creates a type from any name.
    public init(stringLiteral value: String) {
        rawValue = value
    }

    /// A call of a language model.
    public static let llm: SpanType = "LLM"
    /// A sequence of steps.
    public static let chain: SpanType = "CHAIN"
    /// An agent that decides what to do.
    public static let agent: SpanType = "AGENT"
    /// A tool that an agent uses.
    public static let tool: SpanType = "TOOL"
    /// A call of a model that takes chat messages.
    public static let chatModel: SpanType = "CHAT_MODEL"
    /// A search for documents.
    public static let retriever: SpanType = "RETRIEVER"
    /// A conversion of text into structure.
    public static let parser: SpanType = "PARSER"
    /// A computation of embeddings.
    public static let embedding: SpanType = "EMBEDDING"
    /// A new ordering of retrieved documents.
    public static let reranker: SpanType = "RERANKER"
    /// An access to an agent's memory.
    public static let memory: SpanType = "MEMORY"
    /// Nothing said.
    public static let unknown: SpanType = "UNKNOWN"
    /// A workflow of several tasks.
    public static let workflow: SpanType = "WORKFLOW"
    /// A task of a workflow.
    public static let task: SpanType = "TASK"
    /// A check of what goes into or comes out of a model.
    public static let guardrail: SpanType = "GUARDRAIL"
    /// A judgement of a result.
    public static let evaluator: SpanType = "EVALUATOR"
}
