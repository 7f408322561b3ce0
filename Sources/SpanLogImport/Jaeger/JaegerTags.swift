internal import SpanLogFormat
internal import SpanLogJSON

/// Tags and fields of logs as Jaeger has them: OTLP's attributes.
enum JaegerTags {
    /// Reads `[{"key": …, "type": …, "value": …}, …]`.
    static func attributes(_ reader: inout JSONReader) throws(JSONFault) -> [Attribute] {
        guard try !reader.skipNull() else { return [] }
        var tags: [Attribute] = []
        var elements = try reader.array()
        while try reader.hasNext(&elements) { tags.append(try tag(&reader)) }
        return tags
    }

    private static func tag(_ reader: inout JSONReader) throws(JSONFault) -> Attribute {
        var (key, type) = ("", "")
        var value = AttributeValue.empty
        var members = try reader.object()
        while let name = try reader.next(&members) {
            switch names.index(of: name, in: reader.bytes) {
            case 0: key = try reader.text()
            case 1: type = try reader.text()
            case 2: value = try reader.plainValue()
            default: try reader.skip()
            }
        }
        return Attribute(key, typed(value, type))
    }

    private static let names = JSONNames(["key", "type", "value"])

    /// A value as its type says. Elasticsearch keeps all of them as text.
    private static func typed(_ value: AttributeValue, _ type: String) -> AttributeValue {
        switch (type.lowercased(), value) {
        case ("bool", .string(let text)):
            return text == "true" ? .bool(true) : text == "false" ? .bool(false) : value
        case ("int64", .string(let text)): return Int64(text).map { .int($0) } ?? value
        case ("float64", .int(let number)): return .double(Double(number))
        case ("float64", .string(let text)):
            let bytes = Array(text.utf8)
            return JSONNumber.double(bytes, 0..<bytes.count).map { .double($0) } ?? value
        case ("binary", .string(let text)):
            return Base64.decoded(Array(text.utf8)[...]).map { .bytes($0) } ?? value
        default: return value
        }
    }
}
