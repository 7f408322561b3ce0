import ArgumentParser
import FoundationEssentials
import SpanLogExport
import SpanLogMerge

/// `spanlog export`: groups the targets.
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the traces of an archive to where people look at them.",
        subcommands: [ExportMLflow.self])
}

/// `spanlog export mlflow`.
struct ExportMLflow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mlflow",
        abstract: "Store the traces of an archive in an experiment of an MLflow server.",
        usage: "spanlog export mlflow ARCHIVE --tracking-uri URL --experiment NAME",
        discussion: """
            Each trace keeps its ids, and exporting it again replaces what the server has of it: an \
            export may be repeated, and one that was interrupted is completed by repeating it. The \
            server must be MLflow 3.9 or newer with a database as its backend.

            Times are corrected by the clocks that the merge found, see `spanlog clock`; the \
            attributes clock.offset_ns, clock.bound_ns and clock.method say how.

            ENVIRONMENT
              MLFLOW_TRACKING_URI       The server, unless --tracking-uri says so.
              MLFLOW_EXPERIMENT_NAME    The experiment, unless --experiment says so.
              MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD
                                        For a server that asks for a user.
              MLFLOW_TRACKING_TOKEN     For a server that asks for a token.

            EXIT STATUS
              0     Every trace is in MLflow.
              1     The export stopped, or traces were refused; standard error says why.
              64    The command line is wrong.
            """)

    @Argument(help: "The archive, as \"spanlog merge\" made it.", completion: .file())
    var archive: String

    @Option(
        name: .customLong("tracking-uri"),
        help: ArgumentHelp("The MLflow server, such as http://127.0.0.1:5000.", valueName: "url"))
    var trackingURI: String?

    @Option(
        help: ArgumentHelp(
            "The experiment that the traces go to; created if there is none.", valueName: "name"))
    var experiment: String?

    @Flag(help: "Export times as they were recorded.") var rawTime = false

    func validate() throws {
        _ = try server()
        _ = try experimentName()
    }

    func run() async throws {
        var reader = try ArchiveReader(archive)
        reader.readsRawTimes = rawTime
        let archive = reader
        let server = try server()
        let experiment = try experimentName()
        let result = try await HTTPTransport.with(
            server.address, connectionCount: Self.options.connectionCount
        ) { transport in
            let exporter = MLflowExporter(
                over: transport, toExperiment: experiment,
                credentials: MLflowCredentials(environment: environment) ?? server.credentials,
                options: Self.options)
            let bar = ProgressBar(
                label: "Exporting", total: Int(clamping: archive.spanCount), unit: "spans")
            defer { bar.finish() }
            return try await exporter.export(archive) { done, _ in bar.update(done) }
        }
        try report(result, experiment, server)
    }

    private func report(
        _ result: MLflowExportResult, _ experiment: String, _ server: MLflowTrackingURI
    ) throws {
        for refusal in result.refusals { StandardError.print("Refused: \(refusal)") }
        print(
            """
            Exported \(result.traceCount) traces (\(result.spanCount) spans) to the experiment \
            "\(experiment)": \(server.address)/#/experiments/\(result.experimentID)/traces
            """)
        guard result.refusals.isEmpty else {
            StandardError.print("The server refused some of it: see above.")
            throw ExitCode(1)
        }
    }

    private static let options = MLflowExporter.Options()

    private var environment: [String: String] { ProcessInfo.processInfo.environment }

    private func server() throws -> MLflowTrackingURI {
        guard let text = trackingURI ?? nonEmpty("MLFLOW_TRACKING_URI") else {
            throw ValidationError("Give --tracking-uri, or set MLFLOW_TRACKING_URI.")
        }
        do {
            return try MLflowTrackingURI(text)
        } catch {
            throw ValidationError(error.message)
        }
    }

    private func experimentName() throws -> String {
        guard let name = experiment ?? nonEmpty("MLFLOW_EXPERIMENT_NAME"), !name.isEmpty else {
            throw ValidationError("Give --experiment, or set MLFLOW_EXPERIMENT_NAME.")
        }
        return name
    }

    private func nonEmpty(_ variable: String) -> String? {
        environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }
}
