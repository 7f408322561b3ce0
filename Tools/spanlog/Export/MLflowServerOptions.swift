import ArgumentParser
import FoundationEssentials
import SpanLogExport

/// Where an export to MLflow goes, by options or, without them, by MLflow's own variables.
struct MLflowServerOptions: ParsableArguments {
    @Option(
        name: .customLong("tracking-uri"),
        help: ArgumentHelp("The MLflow server, such as http://127.0.0.1:5000.", valueName: "url"))
    var trackingURI: String?

    @Option(
        help: ArgumentHelp(
            "The experiment that the traces go to; created if there is none.", valueName: "name"))
    var experiment: String?

    @Option(
        help: ArgumentHelp(
            "The workspace of the experiment, on a server with workspaces.", valueName: "name"))
    var workspace: String?

    @Option(
        name: .customLong("ca-certificates"),
        help: ArgumentHelp(
            "Certificates to trust instead of the system's, as PEM.", valueName: "file"),
        completion: .file())
    var caCertificates: String?

    /// The place, understood.
    struct Target {
        let address: String
        let experiment: String
        let workspace: String?
        let credentials: MLflowCredentials?
    }

    func validate() throws {
        _ = try target()
    }

    func target() throws -> Target {
        let uri = try uri()
        guard let name = experiment ?? Environment["MLFLOW_EXPERIMENT_NAME"], !name.isEmpty else {
            throw ValidationError("Give --experiment, or set MLFLOW_EXPERIMENT_NAME.")
        }
        return Target(
            address: uri.address, experiment: name,
            workspace: workspace ?? Environment["MLFLOW_WORKSPACE"],
            credentials: MLflowCredentials(environment: Environment.all) ?? uri.credentials)
    }

    private func uri() throws -> MLflowTrackingURI {
        guard let text = trackingURI ?? Environment["MLFLOW_TRACKING_URI"] else {
            throw ValidationError("Give --tracking-uri, or set MLFLOW_TRACKING_URI.")
        }
        do {
            return try MLflowTrackingURI(text)
        } catch {
            throw ValidationError(error.message)
        }
    }

    func transportSettings(connectionCount: Int) throws -> HTTPTransport.Settings {
        let address = try uri().address
        return HTTPTransport.Settings(
            address: address, connectionCount: connectionCount,
            trustedCertificates: caCertificates ?? Environment["MLFLOW_TRACKING_SERVER_CERT_PATH"],
            ownCertificate: Environment["MLFLOW_TRACKING_CLIENT_CERT_PATH"],
            trustsAnyCertificate: Environment["MLFLOW_TRACKING_INSECURE_TLS"]?.lowercased()
                == "true",
            proxy: try ProxyAddress(for: address, environment: Environment.all))
    }
}

/// The process's environment, in which an empty variable counts as not set.
enum Environment {
    static var all: [String: String] { ProcessInfo.processInfo.environment }

    static subscript(name: String) -> String? {
        all[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
