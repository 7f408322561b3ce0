/// The form of `OTEL_RESOURCE_ATTRIBUTES`: `key=value,key=value`, values percent-encoded
/// (OpenTelemetry specification, *Resource SDK*).
enum ResourceAttributesVariable {
    /// The attributes, or `nil` if any part of the text is malformed: OpenTelemetry asks to refuse
    /// all of it then.
    static func parse(_ text: String) -> [(key: String, value: String)]? {
        var attributes: [(key: String, value: String)] = []
        for member in text.split(separator: ",") {
            guard let separator = member.firstIndex(of: "=") else {
                if member.allSatisfy(\.isWhitespace) { continue }
                return nil
            }
            let key = trimmed(member[..<separator])
            guard !key.isEmpty, let decodedKey = percentDecoded(key),
                let value = percentDecoded(trimmed(member[member.index(after: separator)...]))
            else { return nil }
            attributes.append((decodedKey, value))
        }
        return attributes
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let decoded = UInt8(
                    String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(decoded)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
