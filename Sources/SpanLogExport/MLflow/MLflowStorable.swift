import SpanLogFormat

extension String {
    /// The text without the one character that some databases cannot hold in a column.
    var storable: String {
        utf8.contains(0) ? replacing("\0", with: "\u{FFFD}") : self
    }

    /// The same, as long as a column allows.
    func storable(_ scalarMax: Int) -> String { storable.truncated(scalarMax) }
}

extension AttributeValue {
    /// Text, or JSON text, without the character that some databases cannot hold in a column.
    var storableJSON: AttributeValue {
        guard case .string(let text) = self, text.utf8.contains(0) || text.contains("\\u0000")
        else { return self }
        // A backslash that is escaped itself begins no other escape.
        let escaped = text.replacing(/\\(?:\\|u0000)/) { match in
            match.output == "\\u0000" ? "\\ufffd" : match.output
        }
        return .string(escaped.storable)
    }

    /// Whether this is the JSON of an object that names a model, which the server looks for there.
    var namesModel: Bool {
        guard case .string(let text) = self, text.contains("\"model\""), let json = JSONText(text)
        else { return false }
        return JSONNode(json).members?["model"] != nil
    }
}
