/// Carries the requests of an export to a server.
///
/// The library knows no HTTP client: the program that exports brings one.
public protocol ExportTransport: Sendable {
    /// The address that the paths of requests are appended to, as a person would write it.
    var address: String { get }

    /// Sends one request and waits for the whole answer, whatever its status. No redirection is
    /// followed and nothing is sent twice.
    ///
    /// - Throws: ``ExportTransportError`` if no answer came.
    func send(_ request: ExportRequest) async throws -> ExportResponse
}

/// An HTTP request of an export.
public struct ExportRequest: Sendable {
    /// The methods that exports use.
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case patch = "PATCH"
        case put = "PUT"
    }

    /// The method.
    public var method: Method
    /// The path below the transport's address, beginning with a slash, with query and escaped.
    public var path: String
    /// The headers, without those that follow from the body.
    public var headers: [(name: String, value: String)] = []
    /// The body, empty for none.
    public var body: [UInt8] = []
    /// Whether the server is known to read this body compressed with gzip.
    public var isCompressible = false

    /// Creates a request without headers and body.
    public init(_ method: Method, _ path: String) {
        self.method = method
        self.path = path
    }
}

/// The answer to an ``ExportRequest``.
public struct ExportResponse: Sendable {
    /// The HTTP status.
    public var status: Int
    /// The headers by lower-case name.
    public var headers: [String: String]
    /// The body, from its beginning; a transport may cut it at a megabyte.
    public var body: [UInt8]

    /// Creates an answer.
    public init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Why no answer came.
public struct ExportTransportError: Error, CustomStringConvertible, Sendable {
    /// What an export does about it depends on this alone.
    public enum Kind: Sendable {
        /// Nothing accepts connections at the address.
        case cannotConnect
        /// The host's name is unknown.
        case unknownHost
        /// No answer came in time.
        case timedOut
        /// The connection ended before the answer did.
        case connectionLost
        /// No secure connection could be agreed on.
        case insecure
        /// The proxy on the way cannot be reached or does not let through; the message names it.
        case proxyFailed
        /// Anything else.
        case other
    }

    /// What happened.
    public let kind: Kind
    /// What happened, in the words of the layer below.
    public let message: String

    /// Creates an error.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
