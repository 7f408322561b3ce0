import SpanLogFormat
import SpanLogMerge

/// Reads what other instrumentation has written by OpenTelemetry's conventions for generative AI
/// (`gen_ai.…`) as fields of MLflow's, by MLflow's own rules.
///
/// The server does so, too, but not before the columns are written by which spans are searched, and
/// not for the previews of a trace. A field that the span has itself stays.
struct MLflowGenAI {
    private let attributes: [String: AttributeValue]

    /// - Returns: `nil` if nothing in `attributes` is written by these conventions.
    init?(_ attributes: [Attribute]) {
        let relevant = attributes.filter { $0.key.hasPrefix("gen_ai.") }
        guard !relevant.isEmpty else { return nil }
        self.attributes = Dictionary(
            relevant.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// The kind of work that the operation stands for.
    var spanType: String? {
        guard case .string(let operation) = attributes["gen_ai.operation.name"] else { return nil }
        return Self.types[operation]
    }

    private static let types = [
        "chat": "CHAT_MODEL", "create_agent": "AGENT", "embeddings": "EMBEDDING",
        "execute_tool": "TOOL", "generate_content": "LLM", "invoke_agent": "AGENT",
        "text_completion": "LLM", "response": "LLM",
    ]

    var inputs: AttributeValue? {
        first("gen_ai.input.messages", "gen_ai.tool.call.arguments")
    }

    var outputs: AttributeValue? {
        first("gen_ai.output.messages", "gen_ai.tool.call.result")
    }

    /// The fields, as a recorder would have written them.
    var fields: [Attribute] {
        let all: [(String, AttributeValue?)] = [
            (AttributeKey.spanInputs, inputs), (AttributeKey.spanOutputs, outputs),
            (AttributeKey.tokenUsage, tokenUsage),
            (AttributeKey.model, first("gen_ai.response.model", "gen_ai.request.model")),
            (AttributeKey.provider, first("gen_ai.provider.name")),
            (AttributeKey.chatTools, first("gen_ai.tool.definitions")),
        ]
        return all.compactMap { key, value in value.map { Attribute(key, $0) } }
    }

    private var tokenUsage: AttributeValue? {
        let input = number("gen_ai.usage.input_tokens")
        let output = number("gen_ai.usage.output_tokens")
        guard input != nil || output != nil else { return nil }
        var usage = [("input_tokens", input), ("output_tokens", output)]
        if let input, let output { usage.append(("total_tokens", input &+ output)) }
        usage.append(
            ("cache_read_input_tokens", number("gen_ai.usage.cache_read.input_tokens")))
        usage.append(
            (
                "cache_creation_input_tokens",
                number("gen_ai.usage.cache_write.input_tokens")
                    ?? number("gen_ai.usage.cache_creation.input_tokens")
            ))
        return .map(usage.compactMap { key, value in value.map { Attribute(key, .int($0)) } })
    }

    private func number(_ key: String) -> Int64? {
        switch attributes[key] {
        case .int(let number): number
        case .string(let text): Int64(text.filter { $0 != "\"" })
        default: nil
        }
    }

    /// The first value that says anything: MLflow passes over what Python finds false.
    private func first(_ keys: String...) -> AttributeValue? {
        for key in keys {
            guard let value = attributes[key], !Self.isNothing(value) else { continue }
            return value
        }
        return nil
    }

    private static func isNothing(_ value: AttributeValue) -> Bool {
        switch value {
        case .empty: true
        case .string(let text):
            ["", "\"\"", "[]", "{}", "null", "false", "0"].contains(text.filter { $0 != " " })
        case .bool(let flag): !flag
        case .int(let number): number == 0
        case .double(let number): number == 0
        case .array(let values): values.isEmpty
        case .map(let entries): entries.isEmpty
        case .bytes(let bytes): bytes.isEmpty
        }
    }
}

extension ArchivedTrace {
    /// The trace with the fields that MLflow reads from what other instrumentation has written.
    var withGenAIFields: ArchivedTrace {
        guard spans.contains(where: { MLflowGenAI($0.record.attributes) != nil }) else {
            return self
        }
        let spans = spans.map { span in
            guard let genAI = MLflowGenAI(span.record.attributes) else { return span }
            var record = span.record
            genAI.addFields(to: &record.attributes)
            return ArchivedSpan(
                record: record, resource: span.resource, recorderID: span.recorderID,
                clock: span.clock)
        }
        return ArchivedTrace(id: id, spans: spans)
    }
}

extension MLflowGenAI {
    fileprivate func addFields(to attributes: inout [Attribute]) {
        let known = Set(attributes.map(\.key))
        attributes += fields.filter { !known.contains($0.key) }
        guard let spanType else { return }
        let given = attributes.text(for: AttributeKey.spanType) ?? Self.unknownType
        guard given == Self.unknownType else { return }
        attributes.removeAll { $0.key == AttributeKey.spanType }
        attributes.append(Attribute(AttributeKey.spanType, .string(spanType)))
    }

    private static let unknownType = "UNKNOWN"
}
