/// Which kinds of tokens may follow each other in one JSON value.
package struct JSONGrammar {
    private enum Expected {
        case value, valueOrEnd, key, keyOrEnd, colon, commaOrEnd, nothing
    }

    private var expected = Expected.value
    /// For each open container whether it is an object.
    private var containers: [Bool] = []

    package init() {}

    /// Whether the value has ended.
    package var isComplete: Bool { expected == .nothing }

    /// How many objects and arrays are open.
    package var depth: Int { containers.count }

    /// What may come next, in words.
    package var expectation: String {
        switch expected {
        case .value: "a value"
        case .valueOrEnd: "a value or a bracket"
        case .key: "the name of a member"
        case .keyOrEnd: "the name of a member or a brace"
        case .colon: "a colon"
        case .commaOrEnd: containers.last == true ? "a comma or a brace" : "a comma or a bracket"
        case .nothing: "the end of the text"
        }
    }

    /// Takes the next token.
    ///
    /// - Returns: Whether it may stand there.
    package mutating func take(_ kind: JSONTokenizer.Kind) -> Bool {
        switch (kind, expected) {
        case (.objectStart, .value), (.objectStart, .valueOrEnd): open(isObject: true)
        case (.arrayStart, .value), (.arrayStart, .valueOrEnd): open(isObject: false)
        case (.string, .key), (.string, .keyOrEnd): expected = .colon
        case (.string, .value), (.string, .valueOrEnd), (.number, .value), (.number, .valueOrEnd),
            (.word, .value), (.word, .valueOrEnd):
            finishValue()
        case (.colon, .colon): expected = .value
        case (.comma, .commaOrEnd): expected = containers.last == true ? .key : .value
        case (.objectEnd, .keyOrEnd), (.arrayEnd, .valueOrEnd): close()
        case (.objectEnd, .commaOrEnd) where containers.last == true: close()
        case (.arrayEnd, .commaOrEnd) where containers.last == false: close()
        default: return false
        }
        return true
    }

    private mutating func open(isObject: Bool) {
        containers.append(isObject)
        expected = isObject ? .keyOrEnd : .valueOrEnd
    }

    private mutating func close() {
        containers.removeLast()
        finishValue()
    }

    private mutating func finishValue() {
        expected = containers.isEmpty ? .nothing : .commaOrEnd
    }
}
