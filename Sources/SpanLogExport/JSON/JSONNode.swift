import FoundationEssentials
import SpanLogJSON

/// One value within a JSON text that was checked before.
struct JSONNode {
    private let bytes: [UInt8]
    private let range: Range<Int>
    private let kind: JSONTokenizer.Kind

    /// The value that the whole text is.
    init(_ text: JSONText) {
        var tokenizer = JSONTokenizer(text.bytes)
        let first = (try? tokenizer.next()) ?? nil
        self.init(text.bytes, 0..<text.bytes.count, first?.kind ?? .word)
    }

    private init(_ bytes: [UInt8], _ range: Range<Int>, _ kind: JSONTokenizer.Kind) {
        self.bytes = bytes
        self.range = range
        self.kind = kind
    }

    /// The members of an object, the last of those with the same name; `nil` for other values.
    var members: [String: JSONNode]? {
        guard kind == .objectStart else { return nil }
        let inner = innerValues()
        var members: [String: JSONNode] = [:]
        for index in stride(from: 0, to: inner.count - 1, by: 2) {
            guard let name = inner[index].string else { continue }
            members[name] = inner[index + 1]
        }
        return members
    }

    /// The elements of an array; `nil` for other values.
    var elements: [JSONNode]? {
        kind == .arrayStart ? innerValues() : nil
    }

    /// The characters of a string; `nil` for other values and for strings that are no Unicode.
    var string: String? {
        guard kind == .string else { return nil }
        return try? JSONDecoder().decode(String.self, from: Data(bytes[range]))
    }

    /// The values one level below this one, names of members included, in their order.
    private func innerValues() -> [JSONNode] {
        var tokenizer = JSONTokenizer(bytes, range)
        var values: [JSONNode] = []
        var depth = 0
        var start: JSONTokenizer.Token?
        while let token = (try? tokenizer.next()) ?? nil {
            switch token.kind {
            case .objectStart, .arrayStart:
                depth += 1
                if depth == 2 { start = token }
            case .objectEnd, .arrayEnd:
                if depth == 2, let start {
                    let whole = start.range.lowerBound..<token.range.upperBound
                    values.append(JSONNode(bytes, whole, start.kind))
                }
                depth -= 1
            case .comma, .colon: break
            case .string, .number, .word:
                if depth == 1 { values.append(JSONNode(bytes, token.range, token.kind)) }
            }
        }
        return values
    }
}
