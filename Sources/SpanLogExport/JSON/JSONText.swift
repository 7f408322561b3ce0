import SpanLogJSON

/// A text that has been found to be JSON.
struct JSONText {
    /// What the text is at its top.
    enum Shape {
        case object, array, string, number, word
    }

    let bytes: [UInt8]
    let shape: Shape
    /// How many objects and arrays stand inside each other at the deepest place.
    let depth: Int
    /// Whether an integer is spelled out that 64 bits cannot hold.
    let hasWideInteger: Bool

    /// Checks `text` from end to end.
    ///
    /// - Returns: `nil` if it is not JSON.
    /// - Complexity: O(*n*) in its bytes; nothing recurses, however deep the text is.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let outline = try? JSONOutline(bytes), let shape = outline.shape else { return nil }
        self.bytes = bytes
        self.shape = shape
        depth = outline.depthMax
        hasWideInteger = outline.hasWideInteger
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// What one pass over a JSON text finds; it throws if the text breaks the grammar.
private struct JSONOutline {
    private(set) var shape: JSONText.Shape?
    private(set) var depthMax = 0
    private(set) var hasWideInteger = false

    init(_ bytes: [UInt8]) throws(JSONTokenizer.Fault) {
        var tokenizer = JSONTokenizer(bytes)
        var grammar = JSONGrammar()
        while let token = try tokenizer.next() {
            if shape == nil { shape = Self.shape(of: token.kind) }
            if token.kind == .number, JSONText.isWideInteger(bytes[token.range]) {
                hasWideInteger = true
            }
            guard grammar.take(token.kind) else { throw JSONTokenizer.Fault() }
            depthMax = max(depthMax, grammar.depth)
        }
        guard grammar.isComplete else { throw JSONTokenizer.Fault() }
    }

    private static func shape(of kind: JSONTokenizer.Kind) -> JSONText.Shape? {
        switch kind {
        case .objectStart: .object
        case .arrayStart: .array
        case .string: .string
        case .number: .number
        case .word: .word
        default: nil
        }
    }
}

extension JSONText {
    /// Whether a number is spelled without a fraction and an exponent.
    static func isInteger(_ number: ArraySlice<UInt8>) -> Bool {
        number.allSatisfy { JSONCharacter.isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    /// Whether a number is an integer that 64 bits cannot hold.
    static func isWideInteger(_ number: ArraySlice<UInt8>) -> Bool {
        // Up to 18 digits and a sign always fit.
        guard number.count > 18, isInteger(number) else { return false }
        return Int64(String(decoding: number, as: UTF8.self)) == nil
    }

    /// `text` as a JSON string, quotation marks included.
    static func quoted(_ text: some Sequence<UInt8>) -> [UInt8] {
        var bytes = [UInt8(ascii: "\"")]
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x0A: bytes += "\\n".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0x09: bytes += "\\t".utf8
            case 0..<0x20: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
        return bytes
    }

    /// `text` as a JSON string, quotation marks included.
    static func quoted(_ text: String) -> String {
        String(decoding: quoted(text.utf8), as: UTF8.self)
    }
}
