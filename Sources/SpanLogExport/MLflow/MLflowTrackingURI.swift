import FoundationEssentials

/// The address of an MLflow server, as `MLFLOW_TRACKING_URI` has it.
public struct MLflowTrackingURI: Sendable {
    /// The address without credentials, query and closing slash.
    public let address: String
    /// Who is calling, if the address says so.
    public let credentials: MLflowCredentials?

    /// Checks an address.
    ///
    /// - Throws: ``ExportError`` with code ``ExportError/Code/invalidAddress`` unless `text` is the
    ///   address of a server.
    public init(_ text: String) throws(ExportError) {
        guard var components = URLComponents(string: text), let scheme = components.scheme,
            !scheme.isEmpty
        else { throw Self.error(text, "it is not of the form http://HOST:PORT") }
        guard ["http", "https"].contains(scheme.lowercased()) else {
            throw Self.error(text, "only a server can be exported to, over http or https")
        }
        guard let host = components.host, !host.isEmpty else {
            throw Self.error(text, "it names no host")
        }
        credentials = MLflowCredentials(user: components.user, password: components.password)
        components.user = nil
        components.password = nil
        components.query = nil
        components.fragment = nil
        while components.percentEncodedPath.hasSuffix("/") {
            components.percentEncodedPath.removeLast()
        }
        guard let address = components.string else { throw Self.error(text, "it has no text") }
        self.address = address
    }

    private static func error(_ text: String, _ reason: String) -> ExportError {
        ExportError(
            .invalidAddress,
            """
            "\(text)" is no tracking URI for an export: \(reason). Give the address of an MLflow \
            server, such as http://127.0.0.1:5000; for a database, start one with \
            "mlflow server --backend-store-uri \(text.hasPrefix("sqlite") ? text : "URI")".
            """)
    }
}

/// What a caller shows to an MLflow server that asks for it.
public struct MLflowCredentials: Sendable {
    /// The value of the header `Authorization`.
    let authorization: String

    /// The credentials in the variables that MLflow's own client reads: a user name and password
    /// before a token.
    ///
    /// - Returns: `nil` if there are none.
    public init?(environment: [String: String]) {
        let user = environment["MLFLOW_TRACKING_USERNAME"]
        if let basic = Self(user: user, password: environment["MLFLOW_TRACKING_PASSWORD"]) {
            self = basic
        } else if let token = environment["MLFLOW_TRACKING_TOKEN"], !token.isEmpty {
            authorization = "Bearer \(token)"
        } else {
            return nil
        }
    }

    /// Basic credentials.
    ///
    /// - Returns: `nil` without a user name or a password.
    init?(user: String?, password: String?) {
        guard let user, !user.isEmpty, let password, !password.isEmpty else { return nil }
        authorization = "Basic \(Array("\(user):\(password)".utf8).base64)"
    }
}
