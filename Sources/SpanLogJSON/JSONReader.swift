/// Reads a JSON text from its start to its end, value by value, and checks its grammar on the way.
///
/// Nothing is decoded or copied unless the caller asks for it, and nothing recurses.
///
///     var reader = JSONReader(bytes)
///     var members = try reader.object()
///     while let name = try reader.next(&members) {
///         if names.index(of: name, in: bytes) == 0 { … } else { try reader.skip() }
///     }
package struct JSONReader {
    package let bytes: [UInt8]
    private var tokenizer: JSONTokenizer

    /// How far an object or array has been read.
    package struct Members {
        fileprivate var isFirst = true
    }

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        tokenizer = JSONTokenizer(bytes)
    }

    /// Where the text is read on.
    package var position: Int { tokenizer.position }

    /// Begins an object.
    package mutating func object() throws(JSONFault) -> Members {
        let token = try token()
        guard token.kind == .objectStart else {
            throw JSONFault(token.range.lowerBound, "expected an object")
        }
        return Members()
    }

    /// Begins an array.
    package mutating func array() throws(JSONFault) -> Members {
        let token = try token()
        guard token.kind == .arrayStart else {
            throw JSONFault(token.range.lowerBound, "expected an array")
        }
        return Members()
    }

    /// The name of an object's next member, as it is spelled between its quotation marks; its value
    /// is to be read next. `nil` at the object's end.
    package mutating func next(_ members: inout Members) throws(JSONFault) -> Range<Int>? {
        var token = try token()
        if token.kind == .objectEnd, members.isFirst { return nil }
        if !members.isFirst {
            if token.kind == .objectEnd { return nil }
            guard token.kind == .comma else { throw expected("a comma or a brace", token) }
            token = try self.token()
        }
        guard token.kind == .string else { throw expected("the name of a member", token) }
        members.isFirst = false
        let colon = try self.token()
        guard colon.kind == .colon else { throw expected("a colon", colon) }
        return token.range.lowerBound + 1..<token.range.upperBound - 1
    }

    /// Goes to the next member that has one of `names` and is not null, and passes over all others.
    ///
    /// - Returns: What stands for the name; `nil` if there is none left.
    package mutating func next(
        _ members: inout Members, of names: JSONNames
    ) throws(JSONFault) -> Int? {
        while let name = try next(&members) {
            if let index = names.index(of: name, in: bytes) {
                if try !skipNull() { return index }
            } else {
                try skip()
            }
        }
        return nil
    }

    /// Whether an array has a further element, which is to be read next.
    package mutating func hasNext(_ elements: inout Members) throws(JSONFault) -> Bool {
        let before = tokenizer
        let token = try token()
        defer { elements.isFirst = false }
        if token.kind == .arrayEnd { return false }
        if elements.isFirst {
            tokenizer = before
        } else if token.kind != .comma {
            throw expected("a comma or a bracket", token)
        }
        return true
    }

    /// The next token. Its kind is one that begins a value wherever a value is due.
    package mutating func token() throws(JSONFault) -> JSONTokenizer.Token {
        do {
            if let token = try tokenizer.next() { return token }
        } catch {
            let offset = tokenizer.position
            guard offset < bytes.count else { throw cutOff }
            throw JSONFault(offset, "this is no JSON", breaksGrammar: true)
        }
        throw cutOff
    }

    private var cutOff: JSONFault {
        JSONFault(bytes.count, "the text is cut off", breaksGrammar: true)
    }

    private func expected(_ what: String, _ token: JSONTokenizer.Token) -> JSONFault {
        JSONFault(token.range.lowerBound, "expected \(what)", breaksGrammar: true)
    }
}

extension JSONReader {
    /// What kind of value comes next, without reading it.
    package func peek() throws(JSONFault) -> JSONTokenizer.Kind {
        var copy = self
        return try copy.token().kind
    }

    /// Reads a string, number or word.
    package mutating func scalar() throws(JSONFault) -> JSONTokenizer.Token {
        let token = try token()
        switch token.kind {
        case .string, .number, .word: return token
        case .objectStart, .arrayStart:
            throw JSONFault(
                token.range.lowerBound, "expected a plain value, not an object or array")
        default: throw expected("a value", token)
        }
    }

    /// Reads the next value if it is `null`.
    package mutating func skipNull() throws(JSONFault) -> Bool {
        let before = tokenizer
        let token = try token()
        if token.kind == .word, isNull(token) { return true }
        tokenizer = before
        return false
    }

    package func isNull(_ token: JSONTokenizer.Token) -> Bool {
        token.kind == .word && bytes[token.range.lowerBound] == UInt8(ascii: "n")
    }

    /// Reads over the next value, whatever it is, and returns where it stands.
    ///
    /// - Complexity: O(*n*) in its bytes.
    @discardableResult
    package mutating func skip() throws(JSONFault) -> Range<Int> {
        var grammar = JSONGrammar()
        var start: Int?
        while !grammar.isComplete {
            let token = try token()
            if start == nil { start = token.range.lowerBound }
            guard grammar.take(token.kind) else { throw expected(grammar.expectation, token) }
        }
        return (start ?? position)..<position
    }

    /// Checks that nothing but white space follows.
    package mutating func finish() throws(JSONFault) {
        do {
            guard let token = try tokenizer.next() else { return }
            throw expected("the end of the text", token)
        } catch let fault as JSONFault {
            throw fault
        } catch {
            throw JSONFault(tokenizer.position, "expected the end of the text", breaksGrammar: true)
        }
    }
}
