internal import SpanLogFormat
internal import SpanLogJSON

extension OTLPTranscoder {
    /// Reads a value and appends it as a field, unless it is the default.
    mutating func value(
        _ member: OTLPMessage.Member, _ depth: Int
    ) throws(JSONFault) {
        if case .message(let type) = member.kind {
            return try field(member.number, type, depth: depth)
        }
        let token = try reader.scalar()
        let start = writer.bytes.count
        let isDefault = try scalar(token, member)
        // One of a list is there even if it is empty.
        guard isDefault, !member.hasPresence, !member.isRepeated else { return }
        writer.bytes.removeLast(writer.bytes.count - start)
    }

    /// Appends a field.
    ///
    /// - Returns: Whether it has the value that it has where it is left out.
    private mutating func scalar(
        _ token: JSONTokenizer.Token, _ member: OTLPMessage.Member
    ) throws(JSONFault) -> Bool {
        let number = member.number
        switch member.kind {
        case .string:
            let start = writer.begin(number)
            JSONString.append(reader.bytes, try inside(token, "a string"), to: &writer.bytes)
            writer.end(start)
            return writer.bytes.count == start
        case .bytes:
            let bytes = try base64(try inside(token, "a string of base64"), token)
            writer.data(number, bytes)
            return bytes.isEmpty
        case .traceID:
            return data(number, try identifier(token, byteCounts: [16, 8], "a trace id"))
        case .spanID: return data(number, try identifier(token, byteCounts: [8], "a span id"))
        case .bool:
            guard token.kind == .word, !reader.isNull(token),
                let flag = Self.flag(reader.bytes[token.range.lowerBound])
            else { throw JSONFault(token.range.lowerBound, "expected true or false") }
            writer.uint64(number, flag ? 1 : 0)
            return !flag
        default: return try self.number(token, member)
        }
    }

    private mutating func number(
        _ token: JSONTokenizer.Token, _ member: OTLPMessage.Member
    ) throws(JSONFault) -> Bool {
        let number = member.number
        switch member.kind {
        case .int64:
            let value = JSONNumber.signed(reader.bytes, Self.inside(token))
            guard let value else { throw wrong(token, "an integer of 64 bits") }
            writer.uint64(number, UInt64(bitPattern: value))
            return value == 0
        case .double:
            let value = JSONNumber.double(reader.bytes, Self.inside(token))
            guard let value else { throw wrong(token, "a number") }
            writer.fixed64(number, value.bitPattern)
            return value.bitPattern == 0
        case .uint32, .fixed32:
            let value = try unsigned(token, "an integer from 0 to 2^32 - 1")
            guard let value = UInt32(exactly: value) else {
                throw wrong(token, "an integer from 0 to 2^32 - 1")
            }
            if case .uint32 = member.kind {
                writer.uint64(number, UInt64(value))
            } else {
                writer.fixed32(number, value)
            }
            return value == 0
        case .spanKind, .statusCode:
            let value = try enumerated(token, member.kind)
            writer.uint64(number, value)
            return value == 0
        default:
            let value = try unsigned(token, "an integer from 0 to 2^64 - 1")
            writer.fixed64(number, value)
            return value == 0
        }
    }

    private mutating func data(_ number: Int, _ bytes: [UInt8]) -> Bool {
        writer.data(number, bytes)
        return bytes.isEmpty
    }
}

extension OTLPTranscoder {
    private static func flag(_ letter: UInt8) -> Bool? {
        switch letter {
        case UInt8(ascii: "t"): true
        case UInt8(ascii: "f"): false
        default: nil
        }
    }

    /// Where the characters of a token stand, which are a number's in a string or out of it.
    private static func inside(_ token: JSONTokenizer.Token) -> Range<Int> {
        guard token.kind == .string else { return token.range }
        return token.range.lowerBound + 1..<token.range.upperBound - 1
    }

    private func inside(
        _ token: JSONTokenizer.Token, _ what: String
    ) throws(JSONFault) -> Range<Int> {
        guard token.kind == .string else { throw wrong(token, what) }
        return Self.inside(token)
    }

    private func wrong(_ token: JSONTokenizer.Token, _ expected: String) -> JSONFault {
        JSONFault(token.range.lowerBound, "expected \(expected)")
    }

    private func unsigned(
        _ token: JSONTokenizer.Token, _ what: String
    ) throws(JSONFault) -> UInt64 {
        guard let value = JSONNumber.unsigned(reader.bytes, Self.inside(token)) else {
            throw wrong(token, what)
        }
        return value
    }

    private func enumerated(
        _ token: JSONTokenizer.Token, _ kind: OTLPMessage.Kind
    ) throws(JSONFault) -> UInt64 {
        let range = Self.inside(token)
        let names = if case .spanKind = kind { Self.spanKinds } else { Self.statusCodes }
        if token.kind == .string, let value = names.index(of: range, in: reader.bytes) {
            return UInt64(value)
        }
        guard let value = JSONNumber.unsigned(reader.bytes, range), value <= Int32.max else {
            throw wrong(token, "a number or name that OTLP has for this")
        }
        return value
    }

    private static let spanKinds = JSONNames([
        "SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT",
        "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER",
    ])
    private static let statusCodes = JSONNames([
        "STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR",
    ])

    /// An identifier in hexadecimal, as OTLP asks for, or in base64, as mappers of Protocol Buffers
    /// write that do not know of OTLP's exception: their lengths tell. No bytes at all are none.
    private func identifier(
        _ token: JSONTokenizer.Token, byteCounts: [Int], _ what: String
    ) throws(JSONFault) -> [UInt8] {
        let range = try inside(token, what)
        guard !range.isEmpty else { return [] }
        for count in byteCounts where range.count == 2 * count {
            if let bytes = Hexadecimal.bytes(ofAnyCase: reader.bytes[range]) { return bytes }
        }
        if let bytes = Base64.decoded(reader.bytes[range]), byteCounts.contains(bytes.count) {
            return bytes
        }
        let digits = byteCounts.map { String(2 * $0) }.joined(separator: " or ")
        throw JSONFault(
            token.range.lowerBound, "expected \(what) of \(digits) hexadecimal digits")
    }

    private func base64(
        _ range: Range<Int>, _ token: JSONTokenizer.Token
    ) throws(JSONFault) -> [UInt8] {
        var spelled: [UInt8] = []
        JSONString.append(reader.bytes, range, to: &spelled)
        guard let bytes = Base64.decoded(spelled[...]) else { throw wrong(token, "base64") }
        return bytes
    }
}
