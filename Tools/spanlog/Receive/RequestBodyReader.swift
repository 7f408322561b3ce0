import HTTPTypes
import HummingbirdCore
import NIOCore

/// Reads the body of one request, within limits.
struct RequestBodyReader {
    private let contentEncoding: String
    /// The bytes that the sender announced, if it did.
    private let contentLength: Int?
    private let limits: ReceiveLimits
    private var iterator: RequestBody.AsyncIterator
    /// Whether the body is longer than may be, so that it was not read to its end.
    private(set) var isTooLong = false

    init(_ request: Request, _ limits: ReceiveLimits) {
        contentEncoding = request.headers[.contentEncoding]?.lowercased() ?? "identity"
        contentLength = request.headers[.contentLength].flatMap { Int($0) }
        self.limits = limits
        iterator = request.body.makeAsyncIterator()
    }

    /// Refuses a body that is too long by the sender's own word.
    mutating func checkLength() throws {
        guard contentLength ?? 0 > limits.bodyByteCountMax else { return }
        throw tooLong()
    }

    /// The whole body, decompressed.
    ///
    /// - Throws: ``OTLPAnswer``, or what ended the connection.
    mutating func content(_ share: ReceiveLoad.Share) async throws -> [UInt8] {
        guard ["identity", "gzip"].contains(contentEncoding) else {
            throw OTLPAnswer.refused(
                .unsupportedMediaType,
                "The content encoding \(contentEncoding) is not known: send gzip, or no encoding.")
        }
        let bytes = try await received(share)
        guard contentEncoding == "gzip" else { return bytes }
        do throws(Gunzip.Failure) {
            return try Gunzip.decompressed(
                bytes, byteCountMax: limits.bodyByteCountMax, take: share.take)
        } catch {
            switch error {
            case .malformed: throw OTLPAnswer.refused(.badRequest, "The body is no sound gzip.")
            case .noMemory: throw limits.noMemory
            case .tooLarge:
                throw OTLPAnswer.refused(
                    .contentTooLarge,
                    "The body decompresses to more than \(limits.bodyByteCountMax) bytes, or to "
                        + "more than \(ReceiveLimits.compressionRatioMax) times its own: export "
                        + "fewer spans at once.")
            }
        }
    }

    private mutating func received(_ share: ReceiveLoad.Share) async throws -> [UInt8] {
        try checkLength()
        var bytes: [UInt8] = []
        // An array that grows takes twice as much, which nobody counts.
        bytes.reserveCapacity(max(0, contentLength ?? 0))
        while let buffer = try await iterator.next() {
            guard bytes.count + buffer.readableBytes <= limits.bodyByteCountMax else {
                throw tooLong()
            }
            guard share.take(buffer.readableBytes) else { throw limits.noMemory }
            bytes += buffer.readableBytesView
        }
        // Whose connection ended early has not sent what it wanted to.
        if let contentLength, contentLength != bytes.count {
            throw OTLPAnswer.refused(.badRequest, "The body is shorter than was announced.")
        }
        return bytes
    }

    /// Reads what is left, and forgets it.
    mutating func discard() async throws {
        while try await iterator.next() != nil {}
    }

    private mutating func tooLong() -> OTLPAnswer {
        isTooLong = true
        return OTLPAnswer.refused(
            .contentTooLarge,
            "The body has more than \(limits.bodyByteCountMax) bytes: export fewer spans at once, "
                + "or let the receiver take more (--body-max).")
    }
}

extension ReceiveLimits {
    /// What a sender is told for which there is no memory now.
    var noMemory: OTLPAnswer {
        OTLPAnswer.later(
            .serviceUnavailable, afterSeconds: 1,
            "Requests under way take \(memoryByteCountMax) bytes, which is the limit.")
    }
}
