/// One step of a request: a call of another service, or work in a span of this one.
///
/// Members that are not named here are tolerated and ignored.
struct Step: Codable, Sendable {
    /// The service to call with `arguments`. Wins over `work`.
    let url: String?
    /// The name of the work's span, inside of which `arguments` are taken as steps.
    let work: String?
    /// The steps inside.
    let arguments: [Step]?

    /// The span's type, such as `AGENT`.
    let type: String?
    let inputs: JSON?
    /// The span's outputs; those of the last step inside if absent.
    let outputs: JSON?
    let attributes: [String: JSON]?
    let events: [Event]?
    let links: [Link]?
    /// What the work says of the whole trace.
    let trace: Trace?
    /// Makes the work fail with this message once the steps inside are taken.
    let fail: String?

    struct Event: Codable, Sendable {
        let name: String
        let attributes: [String: JSON]?
    }

    struct Link: Codable, Sendable {
        /// The span that is linked to, in the form of the W3C header.
        let traceparent: String
        let attributes: [String: JSON]?
    }

    struct Trace: Codable, Sendable {
        let name: String?
        let tags: [String: String]?
        let session: String?
        let user: String?
    }
}
