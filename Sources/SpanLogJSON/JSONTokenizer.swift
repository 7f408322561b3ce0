/// Splits JSON text into tokens by position and decodes none of them: numbers keep every digit.
///
/// It accepts what Python's `json` module accepts, `NaN` and `Infinity` included, because that is
/// what MLflow reads values with.
package struct JSONTokenizer {
    package enum Kind: Sendable {
        case objectStart, objectEnd, arrayStart, arrayEnd, comma, colon, string, number, word
    }

    package struct Token: Sendable {
        package let kind: Kind
        package let range: Range<Int>
    }

    /// The text is not JSON.
    package struct Fault: Error {
        package init() {}
    }

    /// Where the next token is looked for; behind a fault, where it was found.
    package private(set) var position: Int
    private let bytes: [UInt8]
    private let end: Int

    package init(_ bytes: [UInt8], _ range: Range<Int>? = nil) {
        self.bytes = bytes
        position = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
    }

    /// The next token, or `nil` at the end of the text.
    package mutating func next() throws(Fault) -> Token? {
        while position < end, JSONCharacter.isSpace(bytes[position]) { position += 1 }
        guard position < end else { return nil }
        let start = position
        let kind = try skipToken()
        return Token(kind: kind, range: start..<position)
    }

    private mutating func skipToken() throws(Fault) -> Kind {
        let first = bytes[position]
        if let kind = JSONCharacter.punctuation(first) {
            position += 1
            return kind
        }
        if first == UInt8(ascii: "\"") {
            try skipString()
            return .string
        }
        if !JSONCharacter.isDigit(first) {
            for word in Self.words where skip(word) { return .word }
        }
        try skipNumber()
        return .number
    }

    private static let words = ["true", "false", "null", "NaN", "Infinity", "-Infinity"]
        .map { Array($0.utf8) }

    private mutating func skip(_ word: [UInt8]) -> Bool {
        guard bytes[position] == word[0], position + word.count <= end,
            bytes[position..<position + word.count].elementsEqual(word)
        else { return false }
        position += word.count
        return true
    }

    private mutating func skipString() throws(Fault) {
        position += 1
        while position < end {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"): try skipEscape()
            case 0..<0x20: throw Fault()
            default: position += 1
            }
        }
        throw Fault()
    }

    private mutating func skipEscape() throws(Fault) {
        guard position + 1 < end else { throw Fault() }
        switch bytes[position + 1] {
        case UInt8(ascii: "u"):
            guard position + 6 <= end,
                bytes[position + 2..<position + 6].allSatisfy(JSONCharacter.isHexadecimal)
            else { throw Fault() }
            position += 6
        case let letter where JSONCharacter.isEscape(letter): position += 2
        default: throw Fault()
        }
    }

    private mutating func skipNumber() throws(Fault) {
        skipOne { $0 == UInt8(ascii: "-") }
        if !skipOne({ $0 == UInt8(ascii: "0") }) { try skipDigits() }
        if skipOne({ $0 == UInt8(ascii: ".") }) { try skipDigits() }
        if skipOne({ $0 | 0x20 == UInt8(ascii: "e") }) {
            skipOne { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
            try skipDigits()
        }
    }

    private mutating func skipDigits() throws(Fault) {
        let start = position
        while position < end, JSONCharacter.isDigit(bytes[position]) { position += 1 }
        guard position > start else { throw Fault() }
    }

    @discardableResult
    private mutating func skipOne(_ matches: (UInt8) -> Bool) -> Bool {
        guard position < end, matches(bytes[position]) else { return false }
        position += 1
        return true
    }
}

/// What single characters mean in JSON.
package enum JSONCharacter {
    /// Whether the letter behind a backslash stands for one character.
    static func isEscape(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            true
        default: false
        }
    }

    package static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    package static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    package static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f"))
    }

    package static func punctuation(_ byte: UInt8) -> JSONTokenizer.Kind? {
        switch byte {
        case UInt8(ascii: "{"): .objectStart
        case UInt8(ascii: "}"): .objectEnd
        case UInt8(ascii: "["): .arrayStart
        case UInt8(ascii: "]"): .arrayEnd
        case UInt8(ascii: ","): .comma
        case UInt8(ascii: ":"): .colon
        default: nil
        }
    }
}
