import Foundation
import HTTPTypes

/// How a body of OTLP/HTTP is spelled.
enum OTLPEncoding: Sendable {
    case protobuf
    case json

    /// By a media type, whatever its parameters; `nil` for one that is none of OTLP's.
    init?(contentType: String) {
        let type = contentType.prefix { $0 != ";" }.lowercased()
        switch type.trimmingCharacters(in: .whitespaces) {
        case "application/x-protobuf": self = .protobuf
        case "application/json": self = .json
        default: return nil
        }
    }

    var contentType: String {
        switch self {
        case .protobuf: "application/x-protobuf"
        case .json: "application/json"
        }
    }
}

/// What a sender is told: an `ExportTraceServiceResponse`, or a `Status` for what failed.
struct OTLPAnswer: Error {
    let status: HTTPResponse.Status
    var retryAfterSeconds: Int?
    private let content: Content

    private enum Content {
        case stored(rejectedSpanCount: Int, message: String)
        /// A code of gRPC and a text.
        case failure(code: Int, message: String)
    }

    /// All is stored but `rejectedSpanCount` spans, which are not to be sent again.
    static func stored(rejectedSpanCount: Int, message: String) -> OTLPAnswer {
        OTLPAnswer(
            status: .ok, content: .stored(rejectedSpanCount: rejectedSpanCount, message: message))
    }

    /// Nothing is stored, and sent again it would not be either.
    static func refused(_ status: HTTPResponse.Status, _ message: String) -> OTLPAnswer {
        let codes = [403: permissionDenied, 404: notFound, 405: unimplemented]
        return OTLPAnswer(
            status: status,
            content: .failure(code: codes[status.code] ?? invalidArgument, message: message))
    }

    /// Nothing is stored, and it is to be sent again.
    static func later(
        _ status: HTTPResponse.Status, afterSeconds: Int, _ message: String
    ) -> OTLPAnswer {
        let code = status == .tooManyRequests ? resourceExhausted : unavailable
        return OTLPAnswer(
            status: status, retryAfterSeconds: afterSeconds,
            content: .failure(code: code, message: message))
    }

    private static let (invalidArgument, notFound, permissionDenied) = (3, 5, 7)
    private static let (resourceExhausted, unimplemented, unavailable) = (8, 12, 14)
}

extension OTLPAnswer {
    /// The body of the response.
    func body(_ encoding: OTLPEncoding) throws -> [UInt8] {
        switch encoding {
        case .protobuf: protobuf
        case .json: try json
        }
    }

    private var protobuf: [UInt8] {
        switch content {
        case .stored(0, _): []
        case .stored(let count, let message):
            Self.delimited(1, Self.number(1, count) + Self.delimited(2, Array(message.utf8)))
        case .failure(let code, let message):
            Self.number(1, code) + Self.delimited(2, Array(message.utf8))
        }
    }

    private var json: [UInt8] {
        get throws {
            let data =
                switch content {
                case .stored(0, _): Data("{}".utf8)
                case .stored(let count, let message):
                    try JSONEncoder().encode([
                        "partialSuccess": ["rejectedSpans": "\(count)", "errorMessage": message]
                    ])
                case .failure(let code, let message):
                    try JSONEncoder().encode(Status(code: code, message: message))
                }
            return Array(data)
        }
    }

    private struct Status: Encodable {
        let code: Int
        let message: String
    }

    /// A field of Protocol Buffers.
    private static func number(_ field: UInt8, _ value: Int) -> [UInt8] {
        [field << 3] + varint(value)
    }

    private static func delimited(_ field: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [field << 3 | 2] + varint(bytes.count) + bytes
    }

    private static func varint(_ value: Int) -> [UInt8] {
        var (bytes, rest) = ([UInt8](), UInt64(value))
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
