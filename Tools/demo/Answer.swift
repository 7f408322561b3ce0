import Hummingbird

/// What the service answers to a request for steps.
struct Answer: ResponseCodable {
    let service: String
    /// The request's span, in the form of the W3C header: it tells where to look for the trace.
    let traceparent: String?
    /// What the last step came to.
    var result: JSON?
    /// Why the first step that failed did so.
    var error: String?
}

/// An answer that is no success; thrown, so that the request's span becomes an error.
struct FailedAnswer: HTTPResponseError, CustomStringConvertible {
    let status: HTTPResponse.Status
    let answer: Answer

    var description: String { answer.error ?? "" }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        var response = try answer.response(from: request, context: context)
        response.status = status
        return response
    }
}
