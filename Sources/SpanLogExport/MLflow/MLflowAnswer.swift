import SpanLogFormat

/// What an answer of the server means for the export.
enum MLflowAnswer {
    case success
    /// The server is overloaded or about to restart: the same request may succeed later.
    case busy(reason: String)
    /// The server fell over this request, by chance or because of what is in it.
    case failure(reason: String)
    /// The server does not take what is in the request.
    case refusal(reason: String)
    /// No such experiment, or trace.
    case unknownResource(reason: String)
    /// Nothing will succeed.
    case fatal(ExportError)

    init(_ response: ExportResponse, from address: String) {
        let details = MLflowErrorDetails(response)
        let reason = details.reason
        switch response.status {
        case 200..<300: self = .success
        case 300..<400: self = .fatal(.redirected(address, response))
        case 401, 403, 407: self = .fatal(.refused(address, reason))
        case 404 where details.code == "RESOURCE_DOES_NOT_EXIST":
            self = .unknownResource(reason: reason)
        case 404, 405: self = .fatal(.notMLflow(address, reason))
        case 408, 429, 502, 503, 504: self = .busy(reason: reason)
        case 500 where details.code == "INVALID_STATE": self = .refusal(reason: reason)
        case 500: self = .failure(reason: reason)
        case 501: self = .fatal(.withoutSpans(address, reason))
        case 400..<500: self = .refusal(reason: reason)
        default: self = .fatal(.unexpected(address, reason))
        }
    }
}

/// What the body of an answer says about what went wrong.
struct MLflowErrorDetails {
    /// MLflow's name for the error, if the answer is MLflow's.
    let code: String?
    /// The status and the server's words, in a sentence part.
    let reason: String

    init(_ response: ExportResponse) {
        let body = JSON.decoded(Body.self, response.body)
        code = body?.errorCode
        let words = body?.message ?? body?.detail ?? Self.text(response)
        let clipped = words.truncated(500, ending: "…")
        reason = "HTTP \(response.status)\(clipped.isEmpty ? "" : ": \(clipped)")"
    }

    /// What plain text or a page says, on one line and without its tags.
    private static func text(_ response: ExportResponse) -> String {
        var text = String(decoding: response.body.prefix(10_000), as: UTF8.self)
        if let body = text.firstRange(of: "<body") { text = String(text[body.lowerBound...]) }
        let words = text.replacing(/<[^>]*>/, with: " ").split(whereSeparator: \.isWhitespace)
        return words.joined(separator: " ")
    }

    private struct Body: Decodable {
        let errorCode: String?
        let message: String?
        let detail: String?

        private enum CodingKeys: CodingKey { case errorCode, message, detail }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            errorCode = try? container.decode(String.self, forKey: .errorCode)
            message = try? container.decode(String.self, forKey: .message)
            detail = try? container.decode(String.self, forKey: .detail)
        }
    }
}
