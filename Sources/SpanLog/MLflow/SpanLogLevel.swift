/// How much a span matters to who reads a trace: MLflow's page hides spans below a level.
///
/// A span that nobody gave a level has ``info`` if it is a call of a model, an agent, a tool, a
/// retriever or an embedding, and ``debug`` otherwise; an error that was recorded raises it to
/// ``error``.
public enum SpanLogLevel: Int, Comparable, Sendable {
    /// For who looks for a fault.
    case debug = 10
    /// The steps that tell the story.
    case info = 20
    /// Something is odd.
    case warning = 30
    /// Something failed.
    case error = 40
    /// Nothing works any more.
    case critical = 50

    /// Whether the left one matters less.
    public static func < (left: SpanLogLevel, right: SpanLogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}
