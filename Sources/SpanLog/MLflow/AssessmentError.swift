/// Why somebody could not judge.
public struct AssessmentError: Hashable, Sendable {
    /// The kind of failure, such as `RATE_LIMIT_EXCEEDED`.
    public var code: String
    /// What happened.
    public var message: String?
    /// Where it came from, as the judge's language prints that.
    public var stackTrace: String?

    /// Creates the reason of a failure.
    public init(code: String, message: String? = nil, stackTrace: String? = nil) {
        self.code = code
        self.message = message
        self.stackTrace = stackTrace
    }

    /// The reason that an error is.
    public init(_ error: any Error) {
        self.init(code: "\(type(of: error))", message: String(describing: error))
    }
}
