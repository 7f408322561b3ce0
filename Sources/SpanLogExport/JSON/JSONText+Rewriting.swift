import SpanLogJSON

extension JSONText {
    /// The text with each object or array below `depthMax` levels, and each integer that 64 bits
    /// cannot hold, replaced by a string of its text. Everything else stays as it is spelled.
    ///
    /// - Complexity: O(*n*) in the bytes of the text.
    func limited(depthMax: Int) -> String {
        if depth <= depthMax && !hasWideInteger { return text }
        var result: [UInt8] = []
        var copiedEnd = 0
        func replace(_ range: Range<Int>) {
            result += bytes[copiedEnd..<range.lowerBound]
            result += Self.quoted(bytes[range])
            copiedEnd = range.upperBound
        }

        var depth = 0
        var hiddenStart = 0
        for token in tokens {
            switch token.kind {
            case .objectStart, .arrayStart:
                depth += 1
                if depth == depthMax + 1 { hiddenStart = token.range.lowerBound }
            case .objectEnd, .arrayEnd:
                if depth == depthMax + 1 { replace(hiddenStart..<token.range.upperBound) }
                depth -= 1
            case .number where depth <= depthMax && Self.isWideInteger(bytes[token.range]):
                replace(token.range)
            default: break
            }
        }
        result += bytes[copiedEnd...]
        return String(decoding: result, as: UTF8.self)
    }

    /// The beginning of the text, at least `scalarMax` characters of it if it has so many, with a
    /// blank after each comma and colon and nowhere else, as Python prints JSON.
    func spaced(atLeast scalarMax: Int) -> String {
        var result: [UInt8] = []
        for token in tokens {
            result += bytes[token.range]
            if token.kind == .comma || token.kind == .colon { result.append(0x20) }
            // A character takes four bytes at most.
            if result.count > 4 * scalarMax { break }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private var tokens: some Sequence<JSONTokenizer.Token> {
        var tokenizer = JSONTokenizer(bytes)
        // The text was checked when it was made, so nothing is left to throw.
        return AnyIterator { try? tokenizer.next() }
    }
}
