/// Finds a header among the fields of a request, whatever the case of its name.
package enum HeaderFields {
    /// The value of the header `name`: its fields in order, joined by commas.
    ///
    /// A request must not have a second `traceparent`. If it does, the joined value is one that
    /// ``TraceParent`` does not accept, as the specification asks.
    ///
    /// - Parameter name: The name in lower case.
    /// - Returns: `nil` if there is no such field.
    package static func value(
        of name: String, in fields: some Sequence<(String, String)>
    ) -> String? {
        var joined: String?
        for (fieldName, value) in fields where matches(fieldName, name) {
            joined = joined.map { $0 + "," + value } ?? value
        }
        return joined
    }

    /// The value of the header `name` in a dictionary of headers, or of environment variables.
    ///
    /// Names that differ only in case are fields of one header. A dictionary has no order, so
    /// these are joined in the order of their names: the result is the same each time.
    ///
    /// - Parameter name: The name in lower case.
    /// - Returns: `nil` if there is no such field.
    package static func value(of name: String, in fields: [String: String]) -> String? {
        let found = fields.filter { matches($0.key, name) }.sorted { $0.key < $1.key }
        return value(of: name, in: found.lazy.map { ($0.key, $0.value) })
    }

    // Bytes are compared, and not characters: to Swift, the sign for kelvin equals the letter K.
    private static func matches(_ fieldName: String, _ name: String) -> Bool {
        fieldName.utf8.count == name.utf8.count
            && zip(fieldName.utf8, name.utf8).allSatisfy { lowercased($0) == $1 }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        default: byte
        }
    }
}
