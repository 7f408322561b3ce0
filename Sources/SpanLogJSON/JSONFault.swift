/// Why a JSON text cannot be read, and where.
package struct JSONFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The byte of the text that is to blame, counted from its start.
    package let offset: Int
    /// What is wrong there, in words for the person who has the text.
    package let reason: String
    /// Whether the text is no JSON from there on. It is otherwise, and one value is not what its
    /// place asks for.
    package let breaksGrammar: Bool

    package init(_ offset: Int, _ reason: String, breaksGrammar: Bool = false) {
        self.offset = offset
        self.reason = reason
        self.breaksGrammar = breaksGrammar
    }

    /// What is wrong and where.
    package var description: String { "\(reason), at byte \(offset)" }
}
