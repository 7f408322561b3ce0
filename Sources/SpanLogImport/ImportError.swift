/// Why spans were not imported.
public struct ImportError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure, for code that reacts to it.
    public let code: Code
    /// What failed, why, and what to do about it, for the person who reads it.
    public let message: String
    /// The error of the layer below, if there was one.
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message and the cause.
    public var description: String { cause.map { "\(message) (\($0))" } ?? message }

    /// A kind of failure. More may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the constant.
        public let description: String

        /// The bytes are not what they should be, or hold too much: sent again, they fail again.
        public static let malformed = Code(description: "malformed")
        /// As much waits for the disk as may. It will have room again.
        public static let busy = Code(description: "busy")
        /// The disk refused to write. Nothing was acknowledged.
        public static let writeFailed = Code(description: "writeFailed")
        /// A file cannot be read, or nothing in it is what it should be.
        public static let unreadable = Code(description: "unreadable")
        /// The importer is shut down.
        public static let closed = Code(description: "closed")
    }
}
