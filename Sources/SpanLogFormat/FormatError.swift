/// Why bytes are not what they claim to be.
public struct FormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, in words for the person who has the file.
    public let message: String

    package init(_ message: String) {
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
