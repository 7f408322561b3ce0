/// Why an export stopped.
///
/// What had been exported until then stays where it went, and repeating the export is safe.
public struct ExportError: Error, CustomStringConvertible, Sendable {
    /// The kinds of failure. Further ones may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the code.
        public let description: String

        /// The address is none that an export can go to.
        public static let invalidAddress = Code(description: "invalidAddress")
        /// Nothing answers at the address, or no longer.
        public static let noServer = Code(description: "noServer")
        /// Something answers, but it is not the kind of server that the export is for.
        public static let wrongServer = Code(description: "wrongServer")
        /// The server does not know the caller, or does not let it write.
        public static let authenticationRefused = Code(description: "authenticationRefused")
        /// The experiment cannot take traces.
        public static let experimentUnavailable = Code(description: "experimentUnavailable")
        /// The server fails at requests that should succeed.
        public static let serverFailed = Code(description: "serverFailed")
        /// The journal of the export cannot be read or written.
        public static let journalUnavailable = Code(description: "journalUnavailable")
        /// The file that the export goes to cannot be written.
        public static let fileUnavailable = Code(description: "fileUnavailable")
    }

    /// What kind of failure this is.
    public let code: Code
    /// What failed, why, and what to do about it.
    public let message: String
    /// The error of the layer below, if there was one.
    public let cause: (any Error)?

    /// Creates an error.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message.
    public var description: String { message }
}
