/// The value of an attribute: OTLP's `AnyValue`.
public enum AttributeValue: Hashable, Sendable {
    /// No value at all. OTLP allows it, MLflow shows it as null.
    case empty
    case string(String)
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case array([AttributeValue])
    case map([Attribute])
    case bytes([UInt8])
}

/// A key with its value: OTLP's `KeyValue`.
public struct Attribute: Hashable, Sendable {
    /// The name, unique within a span, event or link.
    public var key: String
    /// What the key says.
    public var value: AttributeValue

    /// Creates an attribute. An empty key is allowed, as OTLP allows it.
    public init(_ key: String, _ value: AttributeValue) {
        self.key = key
        self.value = value
    }
}

extension Sequence<Attribute> {
    /// The value of the last attribute with this key: where writers repeat a key, the last wins.
    ///
    /// - Complexity: O(*n*) in the number of attributes.
    public func value(for key: String) -> AttributeValue? {
        reduce(nil) { $1.key == key ? $1.value : $0 }
    }

    /// The text of the last attribute with this key, or `nil` if it is absent or no string.
    public func text(for key: String) -> String? {
        guard case .string(let text) = value(for: key) else { return nil }
        return text
    }
}
