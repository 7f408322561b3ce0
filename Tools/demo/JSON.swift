import Tracing

/// Any JSON value, as it came in a request.
enum JSON: Codable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let array = try? value.decode([JSON].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

extension JSON {
    /// The value as a span's attribute; `nil` for what no attribute can hold.
    var attribute: SpanAttribute? {
        switch self {
        case .bool(let value): .bool(value)
        case .integer(let value): .int64(value)
        case .number(let value): .double(value)
        case .string(let value): .string(value)
        case .array(let values): Self.arrayAttribute(values)
        case .null, .object: nil
        }
    }

    private static func arrayAttribute(_ values: [JSON]) -> SpanAttribute? {
        switch values.first {
        case .bool:
            .boolArray(values.compactMap { if case .bool(let value) = $0 { value } else { nil } })
        case .integer:
            .int64Array(
                values.compactMap { if case .integer(let value) = $0 { value } else { nil } })
        case .number:
            .doubleArray(
                values.compactMap { if case .number(let value) = $0 { value } else { nil } })
        case .string:
            .stringArray(
                values.compactMap { if case .string(let value) = $0 { value } else { nil } })
        case nil: .stringArray([])
        case .null, .array, .object: nil
        }
    }
}

extension SpanAttributes {
    /// The members of a JSON object that an attribute can hold.
    init(_ members: [String: JSON]?) {
        self.init(members?.compactMapValues(\.attribute) ?? [:])
    }
}
