import SpanLogFormat
import SpanLogJSON

/// Rewrites values so that a reader of MLflow gets back what was recorded.
///
/// The server stores each attribute of a span as JSON, and takes one layer of JSON off a string
/// that is a JSON string, array or object itself. So plain text that looks like one of these gets
/// a layer more. Attributes of events and links it stores as they come.
enum MLflowValue {
    /// The value of a span's attribute.
    ///
    /// - Parameter holdsJSON: Whether a string that is JSON text stands for the value that it
    ///   spells; otherwise it is the text that the reader gets.
    static func ofSpan(_ value: AttributeValue, holdsJSON: Bool) -> AttributeValue {
        switch value {
        case .string(let text): .string(holdsJSON ? structured(text) : plain(text))
        case .bytes(let bytes): .string(plain(bytes.base64))
        case .array, .map: .string(structured(value.jsonText))
        case .int, .double, .bool, .empty: value
        }
    }

    /// The value of `mlflow.spanInputs` and `mlflow.spanOutputs`, where JSON text may be a number,
    /// a truth value or null, too. The server would leave these as text.
    static func ofInputsOrOutputs(_ value: AttributeValue) -> AttributeValue {
        guard case .string(let text) = value, let json = JSONText(text) else {
            return ofSpan(value, holdsJSON: true)
        }
        switch json.shape {
        case .number, .word: return scalar(text.filter { !$0.isWhitespace })
        case .object, .array, .string: return .string(limited(json))
        }
    }

    /// The value of an event's or a link's attribute.
    static func ofEvent(_ value: AttributeValue) -> AttributeValue {
        ofEvent(value, depth: 1)
    }

    /// `text` so that the server hands out just this text.
    static func plain(_ text: String) -> String {
        guard let first = text.utf8.first(where: { !JSONCharacter.isSpace($0) })
        else { return text }
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""):
            return JSONText.quoted(text)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            // The server tries to read any string as JSON, and refuses the span where Python
            // refuses to convert an integer.
            return text.utf8.count > MLflowLimit.integerDigits ? JSONText.quoted(text) : text
        default: return text
        }
    }

    /// `text` as it is if it is JSON, though no deeper and with no larger integers than MLflow can
    /// read again; else plain text.
    private static func structured(_ text: String) -> String {
        guard let json = JSONText(text) else { return plain(text) }
        switch json.shape {
        case .object, .array, .string: return limited(json)
        case .number, .word: return plain(text)
        }
    }

    private static func limited(_ json: JSONText) -> String {
        json.limited(depthMax: MLflowLimit.nesting)
    }

    /// The value of a JSON number or word; its text where OTLP has no such number.
    private static func scalar(_ text: String) -> AttributeValue {
        switch text {
        case "null": return .empty
        case "true": return .bool(true)
        case "false": return .bool(false)
        default: break
        }
        if let number = Int64(text) { return .int(number) }
        if JSONText.isInteger(ArraySlice(text.utf8)) { return .string(plain(text)) }
        guard let number = Double(text), number.isFinite else { return .string(text) }
        return .double(number)
    }

    private static func ofEvent(_ value: AttributeValue, depth: Int) -> AttributeValue {
        switch value {
        // A bare NaN would make the JSON that MLflow's page loads unreadable.
        case .double(let number): return number.isFinite ? value : .string(number.pythonText)
        case .bytes(let bytes): return .string(bytes.base64)
        case .array(let values):
            guard depth <= MLflowLimit.nesting else { return .string(value.jsonText) }
            return .array(values.map { ofEvent($0, depth: depth + 1) })
        case .map(let entries):
            guard depth <= MLflowLimit.nesting else { return .string(value.jsonText) }
            return .map(entries.map { Attribute($0.key, ofEvent($0.value, depth: depth + 1)) })
        case .string, .int, .bool, .empty: return value
        }
    }
}

extension AttributeValue {
    /// The value in words where MLflow has a text only, as in tags.
    var plainText: String {
        if case .string(let text) = self { return text }
        if case .bytes(let bytes) = self { return bytes.base64 }
        return jsonText
    }
}
