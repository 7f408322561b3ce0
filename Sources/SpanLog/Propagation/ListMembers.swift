/// The members of a header whose value is a list with commas, each without the blanks around it.
///
/// Members may be empty. Iterating looks at each byte a constant number of times, and only as far
/// as it goes, so a reader that stops at a limit has not paid for the rest.
struct ListMembers: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>?

    init(_ text: String) {
        self.rest = Array(text.utf8)[...]
    }

    mutating func next() -> ArraySlice<UInt8>? {
        guard let rest else { return nil }
        let comma = rest.firstIndex(of: UInt8(ascii: ","))
        self.rest = comma.map { rest[($0 + 1)...] }
        return rest[..<(comma ?? rest.endIndex)].strippedOfBlanks
    }
}

extension ArraySlice<UInt8> {
    /// The slice without the spaces and tabs at its ends (RFC 9110, `OWS`).
    var strippedOfBlanks: ArraySlice<UInt8> {
        guard let first = firstIndex(where: { !$0.isBlank }),
            let last = lastIndex(where: { !$0.isBlank })
        else { return [] }
        return self[first...last]
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}
