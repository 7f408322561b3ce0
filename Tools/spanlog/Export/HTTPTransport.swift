import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SpanLogExport

/// Carries requests with AsyncHTTPClient.
struct HTTPTransport: ExportTransport {
    let address: String
    private let client: HTTPClient
    private let proxy: ProxyAddress?

    /// Where the server is, and how to get there.
    struct Settings {
        let address: String
        let connectionCount: Int
        /// A file with the certificates to trust instead of the system's.
        var trustedCertificates: String?
        /// A file with a certificate and its key to show to the server.
        var ownCertificate: String?
        var trustsAnyCertificate = false
        var proxy: ProxyAddress?
    }

    /// Runs `body` with a transport to a server, and closes its connections afterwards.
    static func with<Result>(
        _ settings: Settings, _ body: (HTTPTransport) async throws -> Result
    ) async throws -> Result {
        try await HTTPClient.withHTTPClient(
            configuration: configuration(settings)
        ) { client in
            try await body(
                HTTPTransport(
                    address: settings.address, client: client, proxy: settings.proxy))
        }
    }

    private static func configuration(_ settings: Settings) throws -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        // The exporter's own requests are no part of what it exports.
        configuration.tracing.tracer = nil
        configuration.httpVersion = .http1Only
        configuration.timeout = .init(connect: .seconds(10), read: .minutes(5))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
            settings.connectionCount
        // MLflow's server closes a connection that is idle for five seconds.
        configuration.connectionPool.idleTimeout = .seconds(4)
        // The exporter decides what is worth another attempt.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.tlsConfiguration = try TLSConfiguration(settings)
        configuration.proxy = settings.proxy.map(HTTPClient.Configuration.Proxy.init)
        return configuration
    }

    func send(_ request: ExportRequest) async throws -> ExportResponse {
        do {
            let response = try await client.execute(clientRequest(request), timeout: .minutes(10))
            return ExportResponse(
                status: Int(response.status.code), headers: headers(of: response),
                body: try await body(of: response))
        } catch let error as CancellationError {
            throw error
        } catch {
            throw ExportTransportError(error, proxy: proxy)
        }
    }

    private func clientRequest(_ request: ExportRequest) -> HTTPClientRequest {
        var result = HTTPClientRequest(url: address + request.path)
        result.method = .RAW(value: request.method.rawValue)
        for (name, value) in request.headers { result.headers.add(name: name, value: value) }
        result.headers.add(name: "User-Agent", value: "spanlog")
        guard !request.body.isEmpty else { return result }
        if request.isCompressible, request.body.count >= Self.compressedBytesMin,
            let compressed = Gzip.compressed(request.body), !compressed.isEmpty
        {
            result.headers.add(name: "Content-Encoding", value: "gzip")
            result.body = .bytes(ByteBuffer(bytes: compressed))
        } else {
            result.body = .bytes(ByteBuffer(bytes: request.body))
        }
        return result
    }

    private func headers(of response: HTTPClientResponse) -> [String: String] {
        Dictionary(
            response.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { $1 })
    }

    /// The beginning of the body. The rest is read, too, or the connection could not be used again.
    private func body(of response: HTTPClientResponse) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await buffer in response.body {
            bytes += buffer.readableBytesView.prefix(Self.bodyBytesMax - bytes.count)
        }
        return bytes
    }

    private static let compressedBytesMin = 1024
    private static let bodyBytesMax = 1 << 20
}

extension ExportTransportError {
    /// What an error means to who goes through a proxy: it alone is connected to directly.
    fileprivate init(_ error: any Error, proxy: ProxyAddress?) {
        let cause = ExportTransportError(error)
        let isTheProxys =
            switch error {
            case is NIOConnectionError: true
            case let error as HTTPClientError:
                [.invalidProxyResponse, .proxyAuthenticationRequired, .connectTimeout]
                    .contains(error)
            default: false
            }
        guard let proxy, isTheProxys else {
            self = cause
            return
        }
        self.init(.proxyFailed, "the proxy http://\(proxy.host):\(proxy.port): \(cause.message)")
    }

    /// What an error of AsyncHTTPClient or of SwiftNIO means.
    fileprivate init(_ error: any Error) {
        switch error {
        case let error as NIOConnectionError: self.init(connecting: error)
        case let error as HTTPClientError: self.init(client: error)
        case let error as IOError: self.init(system: error.errnoCode)
        case is ChannelError: self.init(.connectionLost, "connection closed")
        case _ where String(reflecting: type(of: error)).hasPrefix("NIOSSL."):
            let reason = "\(error)".firstMatch(of: /OPENSSL_internal:(\w+)/)?.output.1
            let words = (reason ?? "TLS failed").replacing("_", with: " ").lowercased()
            self.init(.insecure, words)
        default: self.init(.other, "\(error)")
        }
    }

    private init(connecting error: NIOConnectionError) {
        let failures = error.connectionErrors.compactMap { $0.error as? IOError }
        if let failure = failures.first {
            self.init(system: failure.errnoCode)
        } else if error.connectionErrors.isEmpty {
            self.init(.unknownHost, "no address for \(error.host)")
        } else {
            self.init(.cannotConnect, "no connection in time")
        }
    }

    private init(system code: CInt) {
        let isLost = [EPIPE, ECONNRESET, ECONNABORTED].contains(code)
        self.init(isLost ? .connectionLost : .cannotConnect, String(cString: strerror(code)))
    }

    private init(client error: HTTPClientError) {
        switch error {
        case .connectTimeout: self.init(.cannotConnect, "no connection in time")
        case .readTimeout, .writeTimeout, .deadlineExceeded, .getConnectionFromPoolTimeout:
            self.init(.timedOut, error.shortDescription)
        case .remoteConnectionClosed, .uncleanShutdown:
            self.init(.connectionLost, error.shortDescription)
        case .tlsHandshakeTimeout: self.init(.insecure, error.shortDescription)
        default: self.init(.other, error.shortDescription)
        }
    }
}
