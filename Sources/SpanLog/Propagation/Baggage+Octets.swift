import SpanLogFormat

// What the bytes of a header may be (W3C Baggage, `Definition`).
extension Baggage {
    /// What a value may contain in a header: printable ASCII without those that separate or quote.
    private static let valueOctets = ByteSet("!"..."~").subtracting(ByteSet(#"",;\"#))

    private static let tokenCharacters = ByteSet("!#$%&'*+-.^_`|~")
        .union(.letters).union(.digits)

    // Properties are opaque, but a line break among them would end the header.
    private static let propertyOctets = ByteSet(" "..."~").union(ByteSet("\t"))

    // The percent sign introduces those that are encoded, so it cannot stand for itself.
    private static let unencodedOctets = valueOctets.subtracting(ByteSet("%"))

    /// Whether `key` is a token of HTTP (RFC 9110).
    static func isToken(_ key: some Collection<UInt8>) -> Bool {
        !key.isEmpty && key.allSatisfy(tokenCharacters.contains)
    }

    /// Whether the specification allows `value`, which is percent-encoded, in a header.
    static func isValue(_ value: ArraySlice<UInt8>) -> Bool {
        value.allSatisfy(valueOctets.contains)
    }

    /// Whether it does no harm to send `properties` on.
    static func areProperties(_ properties: ArraySlice<UInt8>) -> Bool {
        properties.allSatisfy(propertyOctets.contains)
    }

    /// Whether `byte` of a value stands for itself in a header.
    static func isUnencoded(_ byte: UInt8) -> Bool { unencodedOctets.contains(byte) }
}

// Percent-encoding (RFC 3986).
extension Baggage {
    /// Appends `byte` of a value in the form that a header allows.
    static func appendPercentEncoded(_ byte: UInt8, to field: inout [UInt8]) {
        guard !isUnencoded(byte) else { return field.append(byte) }
        field += [UInt8(ascii: "%"), upperCaseDigit(byte >> 4), upperCaseDigit(byte & 15)]
    }

    /// The text that `octets` of a header encode.
    ///
    /// A percent sign without two hexadecimal digits behind it stands for itself.
    static func percentDecoded(_ octets: ArraySlice<UInt8>) -> String {
        guard octets.contains(UInt8(ascii: "%")) else {
            return String(decoding: octets, as: UTF8.self)
        }
        var bytes: [UInt8] = []
        var rest = octets
        while let octet = rest.popFirst() {
            if octet == UInt8(ascii: "%"), let byte = byte(rest.prefix(2)) {
                bytes.append(byte)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(octet)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The byte that two hexadecimal digits of either case spell.
    private static func byte(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard digits.count == 2, let first = digits.first, let last = digits.last,
            let high = Hexadecimal.value(of: lowercased(first)),
            let low = Hexadecimal.value(of: lowercased(last))
        else { return nil }
        return high << 4 | low
    }

    private static func lowercased(_ digit: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(digit) ? digit | 0x20 : digit
    }

    // RFC 3986 asks those who encode for upper case.
    private static func upperCaseDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
