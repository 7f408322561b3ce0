internal import SpanLogFormat

/// How much a span may hold: OpenTelemetry's *span limits*.
///
/// What a limit keeps out is counted in the span, as OTLP's `dropped_attributes_count` and its
/// siblings. The defaults are far above OpenTelemetry's 128: a streamed answer of a language model
/// is one event for each chunk in MLflow, and a recorder that exists to keep everything should not
/// cut it off. They only keep a span that nobody ends from growing without bound.
public struct SpanLimits: Hashable, Sendable {
    /// The attributes of a span. Those that were set first are kept.
    public var attributeCountMax = 65_536
    /// The Unicode scalars of an attribute's text, or of each text in an array, which is cut off
    /// behind them; `nil` for any number.
    public var attributeValueLengthMax: Int?
    /// The events of a span.
    public var eventCountMax = 65_536
    /// The links of a span.
    public var linkCountMax = 65_536
    /// The attributes of an event.
    public var eventAttributeCountMax = 65_536
    /// The attributes of a link.
    public var linkAttributeCountMax = 65_536
    /// The bytes of an ``Attachment``. The spool and `spanBytesMax` of the configuration bound it as well:
    /// its text takes a third more.
    public var attachmentBytesMax = 64 << 20

    /// Creates the default limits.
    public init() {}
}

extension SpanLimits {
    /// The limits that the environment sets (`OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`,
    /// `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT` and so on), and the default ones for the rest.
    ///
    /// - Throws: ``RecorderError`` with code ``RecorderError/Code/invalidConfiguration`` for a value
    ///   that is no number.
    init(environment: [String: String]) throws(RecorderError) {
        func limit(_ names: String...) throws(RecorderError) -> Int? {
            for name in names {
                guard let text = environment[name], !text.isEmpty else { continue }
                guard let number = Int(text), number >= 0 else {
                    throw RecorderError(
                        .invalidConfiguration,
                        "\(name) is \"\(text)\" and should be a whole number from 0: correct it "
                            + "or unset it.")
                }
                return number
            }
            return nil
        }
        let all = "OTEL_ATTRIBUTE_COUNT_LIMIT"
        if let limit = try limit("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", all) {
            attributeCountMax = limit
        }
        if let limit = try limit("OTEL_SPAN_EVENT_COUNT_LIMIT") { eventCountMax = limit }
        if let limit = try limit("OTEL_SPAN_LINK_COUNT_LIMIT") { linkCountMax = limit }
        if let limit = try limit("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", all) {
            eventAttributeCountMax = limit
        }
        if let limit = try limit("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", all) {
            linkAttributeCountMax = limit
        }
        if let limit = try limit("MLFLOW_TRACE_MAX_ATTACHMENT_SIZE"), limit > 0 {
            attachmentBytesMax = limit
        }
        attributeValueLengthMax = try limit(
            "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT")
    }

    /// The text, or its beginning if it is too long.
    @inline(__always)
    func truncated(_ text: String) -> String {
        // A text has at most as many scalars as bytes.
        guard let max = attributeValueLengthMax, text.utf8.count > max else { return text }
        return Self.prefix(text, max)
    }

    @inline(never)
    private static func prefix(_ text: String, _ count: Int) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(count)))
    }

    func truncated(_ value: AttributeValue) -> AttributeValue {
        guard attributeValueLengthMax != nil else { return value }
        switch value {
        case .string(let text): return .string(truncated(text))
        case .array(let values): return .array(values.map(truncated))
        default: return value
        }
    }
}
