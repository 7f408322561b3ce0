/// The sentences in which an export to MLflow says what stopped it.
extension ExportError {
    static func unreachable(_ address: String, _ cause: ExportTransportError) -> ExportError {
        let problem =
            switch cause.kind {
            case .cannotConnect: "No server answers at \(address) (\(cause.message))."
            case .unknownHost: "The host of \(address) is not known (\(cause.message))."
            case .timedOut: "The server at \(address) did not answer in time (\(cause.message))."
            case .connectionLost: "The server at \(address) hung up (\(cause.message))."
            case .insecure: "No secure connection to \(address): \(cause.message)."
            case .proxyFailed: "There is no way to \(address) (\(cause.message))."
            case .other: "No answer from \(address): \(cause.message)."
            }
        let remedy =
            switch cause.kind {
            case .insecure:
                """
                Check the scheme of the address and the server's certificate; an authority of your own \
                is named by --ca-certificates or MLFLOW_TRACKING_SERVER_CERT_PATH.
                """
            case .proxyFailed:
                """
                Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, or list the host in NO_PROXY if it is to be \
                reached directly.
                """
            case .unknownHost: "Check the tracking URI."
            default: "Check the tracking URI and that \"mlflow server\" runs there."
            }
        return ExportError(.noServer, "\(problem) \(remedy)", cause: cause)
    }

    static func notMLflow(_ address: String, _ reason: String) -> ExportError {
        ExportError(
            .wrongServer,
            """
            The server at \(address) answers, but not as an MLflow server does (\(reason)). Check \
            the tracking URI: it is the address of MLflow's page without anything after a "#", and \
            the server must be MLflow 3.9 or newer.
            """)
    }

    static func redirected(_ address: String, _ response: ExportResponse) -> ExportError {
        let target = response.headers["location"].map { " to \($0)" } ?? ""
        return ExportError(
            .wrongServer,
            """
            The server at \(address) redirects (HTTP \(response.status))\(target) instead of taking \
            traces. Give the address where MLflow itself answers as the tracking URI.
            """)
    }

    static func refused(_ address: String, _ reason: String) -> ExportError {
        if reason.contains("Host header") {
            return ExportError(
                .authenticationRefused,
                """
                The server at \(address) does not want to be called by this name (\(reason)). Start \
                it with --allowed-hosts, or use a name that it allows.
                """)
        }
        return ExportError(
            .authenticationRefused,
            """
            The server at \(address) does not let this caller in (\(reason)). Set \
            MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, of a \
            user who may write to the experiment.
            """)
    }

    static func withoutSpans(_ address: String, _ reason: String) -> ExportError {
        ExportError(
            .wrongServer,
            """
            The MLflow server at \(address) cannot store spans (\(reason)). Start it with a \
            database: "mlflow server --backend-store-uri sqlite:///mlflow.db".
            """)
    }

    static func unexpected(_ address: String, _ reason: String) -> ExportError {
        ExportError(
            .serverFailed,
            "The server at \(address) said \(reason). Look into its log, then export again.")
    }

    static func failing(_ address: String, _ reason: String) -> ExportError {
        ExportError(
            .serverFailed,
            """
            The server at \(address) keeps failing (\(reason)). Look into its log, and whether its \
            disk is full; then export again.
            """)
    }

    static func experimentGone(_ name: String, _ reason: String) -> ExportError {
        ExportError(
            .experimentUnavailable,
            """
            The experiment "\(name)" is no longer there (\(reason)). Export again to create it \
            anew, or name another.
            """)
    }

    static func experimentDeleted(_ name: String, id: String) -> ExportError {
        ExportError(
            .experimentUnavailable,
            """
            The experiment "\(name)" is deleted, so it can take no traces. Restore it with \
            "mlflow experiments restore --experiment-id \(id)", or name another.
            """)
    }

    static func experimentRefused(_ name: String, _ reason: String) -> ExportError {
        ExportError(
            .experimentUnavailable,
            "The server does not create an experiment \"\(name)\" (\(reason)). Name another.")
    }
}
