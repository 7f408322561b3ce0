/// Why a merge ended without an archive, or an archive cannot be read.
public struct MergeError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure, for code that reacts to it.
    public let code: Code
    /// What failed, why, and what to do about it.
    public let message: String
    /// The error of the layer below, if there was one.
    public let cause: (any Error)?

    /// The message and the cause.
    public var description: String {
        cause.map { "\(message) (\($0))" } ?? message
    }

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// A kind of failure. More may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the constant.
        public let description: String

        /// There is nothing at the path of the archive.
        public static let notFound = Code(description: "notFound")
        /// The file is no archive, or one of a newer format.
        public static let notAnArchive = Code(description: "notAnArchive")
        /// There is a file already where the archive should go.
        public static let exists = Code(description: "exists")
        /// The archive cannot be read as it was written.
        public static let damaged = Code(description: "damaged")
        /// The archive cannot be written: the disk is full or broken.
        public static let writeFailed = Code(description: "writeFailed")
        /// The counts of a merge do not add up: an error of this program.
        public static let unbalanced = Code(description: "unbalanced")
    }
}
