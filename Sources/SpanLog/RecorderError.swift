internal import SpanLogStore

/// Why a recorder cannot be opened, or could not make everything durable.
public struct RecorderError: Error, Sendable, CustomStringConvertible {
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

    /// A kind of failure. More may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the constant.
        public let description: String

        /// Neither code nor environment say where the store is.
        public static let noDirectory = Code(description: "noDirectory")
        /// A setting or an environment variable has a value that makes no sense.
        public static let invalidConfiguration = Code(description: "invalidConfiguration")
        /// The path of the store, or a part of it, is no directory.
        public static let notADirectory = Code(description: "notADirectory")
        /// The process may not write there.
        public static let noPermission = Code(description: "noPermission")
        /// The path lies on a network file system.
        public static let networkFileSystem = Code(description: "networkFileSystem")
        /// A newer version of SpanLog made the store.
        public static let newerFormat = Code(description: "newerFormat")
        /// The store cannot be written now: the disk is full, broken or read-only.
        public static let writeFailed = Code(description: "writeFailed")
    }

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    init(_ error: StoreError) {
        switch error.code {
        case .notADirectory: code = .notADirectory
        case .noPermission: code = .noPermission
        case .networkFileSystem: code = .networkFileSystem
        case .newerFormat: code = .newerFormat
        default: code = .writeFailed
        }
        message = error.message
        cause = error.cause
    }
}
