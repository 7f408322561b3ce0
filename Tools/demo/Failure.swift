import Hummingbird

/// Why a step failed.
struct Failure: Error, CustomStringConvertible {
    let status: HTTPResponse.Status
    let description: String

    /// The steps cannot be read.
    static func unreadable(_ reason: String) -> Failure {
        Failure(status: .badRequest, description: "the body is no array of steps: \(reason)")
    }

    /// The work itself failed, as it was told to.
    static func work(_ message: String) -> Failure {
        Failure(status: .internalServerError, description: message)
    }

    /// Another service did not answer, or not with a success.
    static func call(_ url: String, _ reason: String) -> Failure {
        Failure(status: .badGateway, description: "\(url) failed: \(reason)")
    }
}
