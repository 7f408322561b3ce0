internal import SpanLogFormat
internal import SpanLogJSON

/// Readers of members that Jaeger's and Zipkin's JSON have.
extension JSONReader {
    /// Where the characters of a string, or the digits of a number, stand.
    func inside(_ token: JSONTokenizer.Token) -> Range<Int> {
        guard token.kind == .string else { return token.range }
        return token.range.lowerBound + 1..<token.range.upperBound - 1
    }

    /// Reads a string; `null` is an empty one.
    mutating func text() throws(JSONFault) -> String {
        if try skipNull() { return "" }
        let token = try scalar()
        guard token.kind == .string else {
            throw JSONFault(token.range.lowerBound, "expected a string")
        }
        return JSONString.text(bytes, inside(token))
    }

    /// Reads an identifier of up to `byteCount` bytes in hexadecimal, with zeros in front that may be
    /// missing.
    mutating func identifier(_ byteCount: Int, _ what: String) throws(JSONFault) -> [UInt8] {
        let token = try scalar()
        let digits = bytes[inside(token)]
        let padding = 2 * byteCount - digits.count
        guard token.kind == .string, !digits.isEmpty, padding >= 0,
            let result = Hexadecimal.bytes(
                ofAnyCase: Array(repeating: UInt8(ascii: "0"), count: padding) + digits)
        else {
            throw JSONFault(
                token.range.lowerBound,
                "expected \(what) of up to \(2 * byteCount) hexadecimal digits")
        }
        return result
    }

    mutating func traceID() throws(JSONFault) -> TraceID {
        TraceID(bytes: try identifier(TraceID.byteCount, "a trace id"))!
    }

    mutating func spanID() throws(JSONFault) -> SpanID {
        SpanID(bytes: try identifier(SpanID.byteCount, "a span id"))!
    }

    /// Reads a number of microseconds as nanoseconds. A fraction is kept as far as nanoseconds go.
    mutating func microseconds() throws(JSONFault) -> UInt64 {
        let token = try scalar()
        let range = inside(token)
        if let whole = JSONNumber.unsigned(bytes, range) {
            let (product, isTooLarge) = whole.multipliedReportingOverflow(by: 1000)
            if !isTooLarge { return product }
        } else if let number = JSONNumber.double(bytes, range), number >= 0, number < 1e16 {
            return UInt64(number * 1000)
        }
        throw JSONFault(token.range.lowerBound, "expected a number of microseconds")
    }

    /// Reads a whole number from 0.
    mutating func count() throws(JSONFault) -> UInt64 {
        let token = try scalar()
        guard let number = JSONNumber.unsigned(bytes, inside(token)) else {
            throw JSONFault(token.range.lowerBound, "expected a whole number")
        }
        return number
    }

    /// Reads a plain value, or the text of one that is none.
    mutating func plainValue() throws(JSONFault) -> AttributeValue {
        switch try peek() {
        case .objectStart, .arrayStart:
            return .string(String(decoding: bytes[try skip()], as: UTF8.self))
        default: break
        }
        let token = try scalar()
        switch token.kind {
        case .string: return .string(JSONString.text(bytes, inside(token)))
        case .number: return number(token)
        default:
            switch bytes[token.range.lowerBound] {
            case UInt8(ascii: "t"): return .bool(true)
            case UInt8(ascii: "f"): return .bool(false)
            case UInt8(ascii: "n"): return .empty
            default: return number(token)
            }
        }
    }

    private func number(_ token: JSONTokenizer.Token) -> AttributeValue {
        let isWhole = bytes[token.range].allSatisfy {
            JSONCharacter.isDigit($0) || $0 == UInt8(ascii: "-")
        }
        if isWhole, let number = JSONNumber.signed(bytes, token.range) { return .int(number) }
        if let number = JSONNumber.double(bytes, token.range) { return .double(number) }
        return .string(String(decoding: bytes[token.range], as: UTF8.self))
    }
}

extension [Attribute] {
    /// Takes the last attribute of this key out.
    mutating func take(_ key: String) -> AttributeValue? {
        guard let index = lastIndex(where: { $0.key == key }) else { return nil }
        return remove(at: index).value
    }

    /// Takes the first attribute out that one of these keys has and that is text.
    mutating func takeText(_ keys: String...) -> String? {
        for key in keys {
            guard let index = lastIndex(where: { $0.key == key }),
                case .string(let text) = self[index].value
            else { continue }
            remove(at: index)
            return text
        }
        return nil
    }

    /// Whether there is an attribute of this key.
    func has(_ key: String) -> Bool { contains { $0.key == key } }
}

extension SpanRecord.Kind {
    /// The kind by its name in OpenTracing, Jaeger and Zipkin, of either case.
    init?(name: String) {
        switch name.lowercased() {
        case "client": self = .client
        case "server": self = .server
        case "producer": self = .producer
        case "consumer": self = .consumer
        case "internal": self = .internal
        default: return nil
        }
    }
}
