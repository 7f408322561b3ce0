import SpanLog

/// An attribute's value together with its type, such as `{"int64": ["-9223372036854775808"]}`.
///
/// Numbers are strings, since JSON has no NaN and no integers of 64 bits.
struct TypedValue: Decodable {
    let attribute: SpanAttribute

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case int32, int64, double, bool, string, convertible
        case int32Array, int64Array, doubleArray, boolArray, stringArray, convertibleArray
        /// `[TEXT, COUNT]`: the text so many times, for values too large to send.
        case repeated
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let key = container.allKeys.first else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "no known type"))
        }
        let texts = try container.decode([String].self, forKey: key)
        guard let attribute = Self.attribute(key, texts) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: container, debugDescription: "no such value: \(texts)")
        }
        self.attribute = attribute
    }

    private static func attribute(_ key: CodingKeys, _ texts: [String]) -> SpanAttribute? {
        switch key {
        case .int32: texts.first.flatMap(Int32.init).map(SpanAttribute.int32)
        case .int64: texts.first.flatMap(Int64.init).map(SpanAttribute.int64)
        case .double: texts.first.flatMap(Double.init).map(SpanAttribute.double)
        case .bool: texts.first.flatMap(Bool.init).map(SpanAttribute.bool)
        case .string: texts.first.map(SpanAttribute.string)
        case .convertible: texts.first.map { .stringConvertible(Convertible(description: $0)) }
        case .int32Array: .int32Array(texts.compactMap(Int32.init))
        case .int64Array: .int64Array(texts.compactMap(Int64.init))
        case .doubleArray: .doubleArray(texts.compactMap(Double.init))
        case .boolArray: .boolArray(texts.compactMap(Bool.init))
        case .stringArray: .stringArray(texts)
        case .convertibleArray:
            .stringConvertibleArray(texts.map(Convertible.init(description:)))
        case .repeated:
            Int(texts.last ?? "").map { .string(String(repeating: texts[0], count: $0)) }
        }
    }

    private struct Convertible: CustomStringConvertible, Sendable {
        let description: String
    }
}

extension SpanAttributes {
    init(_ values: [String: TypedValue]?) {
        self.init(values?.mapValues(\.attribute) ?? [:])
    }
}
