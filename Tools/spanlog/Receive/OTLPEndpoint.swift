import HTTPTypes
import HummingbirdCore
import NIOCore
import SpanLogImport

/// Answers the requests of a receiver: takes spans by OTLP/HTTP, and says so once they are durable.
struct OTLPEndpoint: Sendable {
    let importer: SpanImporter
    let limits: ReceiveLimits
    let load: ReceiveLoad
    let counts: ReceiveCounts

    /// Ends a connection after its response.
    private struct ConnectionEnd: Error {}

    /// Answers one request.
    ///
    /// - Throws: What ends the connection.
    func respond(
        to request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
    ) async throws {
        var body = RequestBodyReader(request, limits)
        let answer: OTLPAnswer
        do {
            answer = try await self.answer(to: request, &body, writer, channel)
        } catch let failure as OTLPAnswer {
            answer = failure
        }
        counts.add(answer)
        let encoding = OTLPEncoding(contentType: request.headers[.contentType] ?? "") ?? .json
        var head = HTTPResponse(status: answer.status)
        head.headerFields[.contentType] = encoding.contentType
        let content = ByteBuffer(bytes: try answer.body(encoding))
        head.headerFields[.contentLength] = "\(content.readableBytes)"
        if let seconds = answer.retryAfterSeconds { head.headerFields[.retryAfter] = "\(seconds)" }
        if answer.status == .methodNotAllowed { head.headerFields[.allow] = "POST" }
        // What is not read yet would be taken for the next request.
        if body.isTooLong { head.headerFields[.connection] = "close" }
        let isHead = request.method == .head
        try await writer.write(
            response: head, body: isHead ? .init() : .init(byteBuffer: content))
        guard body.isTooLong else { return }
        // A connection that is closed before all has come takes the response with it.
        try await body.discard()
        throw ConnectionEnd()
    }

    private func answer(
        to request: Request, _ body: inout RequestBodyReader, _ writer: borrowing ResponseWriter,
        _ channel: any Channel
    ) async throws -> OTLPAnswer {
        let encoding = try checked(request)
        guard let share = load.share() else {
            throw OTLPAnswer.later(
                .serviceUnavailable, afterSeconds: 1,
                "\(limits.requestCountMax) requests are under way, which is the limit.")
        }
        if request.headers[.expect]?.lowercased() == "100-continue" {
            try body.checkLength()
            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
        }
        let bytes = try await body.content(share)
        if let seconds = load.wait(for: bytes.count) {
            throw OTLPAnswer.later(
                .tooManyRequests, afterSeconds: seconds,
                "More than \(limits.bytesPerSecondMax) bytes of spans came in a second.")
        }
        // What JSON becomes is about as large.
        guard encoding == .protobuf || share.take(bytes.count) else { throw limits.noMemory }
        let clock: SenderClock = channel.isOfThisHost ? .thisHost : .unknown
        let answer = try await store(try OTLPRequest(bytes, encoding), clock)
        withExtendedLifetime(share) {}
        return answer
    }

    /// Looks at what there is besides the body.
    private func checked(_ request: Request) throws -> OTLPEncoding {
        // A page in a browser can post to loopback. Browsers say so, and nobody else does.
        guard request.headers[.origin] == nil, request.headers[.secFetchSite] == nil else {
            throw OTLPAnswer.refused(
                .forbidden, "Requests of web pages are refused: any page could send them.")
        }
        let path = request.uri.path
        if path == "/v1/metrics" || path == "/v1/logs" {
            throw OTLPAnswer.refused(
                .notFound,
                "SpanLog stores traces alone: send them to \(Self.path), and turn the "
                    + "exporters of metrics and logs off.")
        }
        guard path == Self.path else {
            throw OTLPAnswer.refused(.notFound, "Send traces to \(Self.path).")
        }
        guard request.method == .post else {
            throw OTLPAnswer.refused(.methodNotAllowed, "Send traces by POST.")
        }
        guard let encoding = OTLPEncoding(contentType: request.headers[.contentType] ?? "") else {
            throw OTLPAnswer.refused(
                .unsupportedMediaType,
                "Send application/x-protobuf or application/json, by the protocol http/protobuf "
                    + "or http/json of OTLP.")
        }
        return encoding
    }

    private func store(
        _ request: OTLPRequest, _ clock: SenderClock
    ) async throws -> OTLPAnswer {
        do throws(ImportError) {
            let receipt = try await importer.append(request.tracesData, clock: clock)
            let rejectedSpanCount = receipt.rejectedSpanCount + request.refusedSpanCount
            counts.add(stored: receipt.spanCount, rejected: rejectedSpanCount)
            let messages = [receipt.message, request.refusals].filter { !$0.isEmpty }
            return .stored(
                rejectedSpanCount: rejectedSpanCount, message: messages.joined(separator: " "))
        } catch {
            switch error.code {
            case .malformed: throw OTLPAnswer.refused(.badRequest, error.message)
            case .writeFailed:
                counts.add(failure: error)
                throw OTLPAnswer.later(
                    .serviceUnavailable, afterSeconds: Self.diskSeconds, error.message)
            default: throw OTLPAnswer.later(.serviceUnavailable, afterSeconds: 1, error.message)
            }
        }
    }

    static let path = "/v1/traces"
    /// Exporters give a batch up that they cannot send again within their timeout, 10 s by default.
    private static let diskSeconds = 2
}

extension HTTPField.Name {
    fileprivate static let secFetchSite = Self("Sec-Fetch-Site")!
}

extension Channel {
    /// Whether the other side runs on this host, so that one clock stamped both.
    ///
    /// Who connects to an address of its own host comes from the same address.
    fileprivate var isOfThisHost: Bool {
        guard let peer = remoteAddress, let address = peer.ipAddress else { return false }
        return peer.isLoopback || address == localAddress?.ipAddress
    }
}
