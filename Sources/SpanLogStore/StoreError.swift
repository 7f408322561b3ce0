/// Why a store cannot be opened, written or read.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure, for code that reacts to it.
    public let code: Code
    /// What failed, why, and what to do about it, for the person who reads it.
    public let message: String
    /// The error of the layer below, if there was one.
    public let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message and the cause.
    public var description: String {
        cause.map { "\(message) (\($0))" } ?? message
    }

    /// A kind of failure. More may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the constant.
        public let description: String

        /// There is nothing at the path.
        public static let notFound = Code(description: "notFound")
        /// The path, or a part of it, is no directory.
        public static let notADirectory = Code(description: "notADirectory")
        /// The process may not read or write there.
        public static let noPermission = Code(description: "noPermission")
        /// The path lies on a network file system, where memory maps and locks do not hold.
        public static let networkFileSystem = Code(description: "networkFileSystem")
        /// A newer version of SpanLog made the store.
        public static let newerFormat = Code(description: "newerFormat")
        /// The bytes are not what they should be.
        public static let damaged = Code(description: "damaged")
        /// The file system refused to read.
        public static let readFailed = Code(description: "readFailed")
        /// The file system refused to write: full, broken or read-only.
        public static let writeFailed = Code(description: "writeFailed")
    }
}
