import ArgumentParser
import SpanLogExport
import SpanLogMerge

/// `spanlog export mlflow`.
struct ExportMLflow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mlflow",
        abstract: "Store the traces of an archive in an experiment of an MLflow server.",
        usage: "spanlog export mlflow ARCHIVE --tracking-uri URL --experiment NAME [options]",
        discussion: """
            Each trace keeps its ids, and exporting it again replaces what the server has of it: an \
            export may be repeated, and one that was interrupted is completed by repeating it. The \
            server must be MLflow 3.9 or newer with a database as its backend. A trace whose root \
            another process has brought to the server itself gets the archive's spans and tags, \
            and else stays as it is.

            Times are corrected by the clocks that the merge found, see `spanlog clock`; the \
            attributes clock.offset_ns, clock.bound_ns and clock.method say how.

            ENVIRONMENT
              MLFLOW_TRACKING_URI       The server, unless --tracking-uri says so.
              MLFLOW_EXPERIMENT_NAME    The experiment, unless --experiment says so.
              MLFLOW_WORKSPACE          The workspace, unless --workspace says so.
              MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD
                                        For a server that asks for a user.
              MLFLOW_TRACKING_TOKEN     For a server that asks for a token.
              MLFLOW_TRACKING_SERVER_CERT_PATH
                                        Certificates to trust instead of the system's, as PEM.
              MLFLOW_TRACKING_CLIENT_CERT_PATH
                                        Certificate and key to show to the server, as PEM.
              MLFLOW_TRACKING_INSECURE_TLS
                                        "true" to trust any certificate.
              HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
                                        The proxy, in lower case too.

            EXIT STATUS
              0     Every trace is in MLflow.
              1     The export stopped, or traces were refused; standard error says why.
              64    The command line is wrong.
            """)

    @Argument(help: "The archive, as \"spanlog merge\" made it.", completion: .file())
    var archive: String
    @OptionGroup(title: "Server") var server: MLflowServerOptions
    @OptionGroup(title: "Which traces") var selection: TraceSelectionOptions
    @OptionGroup(title: "How") var delivery: DeliveryOptions

    func run() async throws {
        let traces = try selection.traces(ofArchive: archive)
        let options = try delivery.options(selection)
        let target = try server.target()
        let result = try await HTTPTransport.with(
            try server.transportSettings(connectionCount: options.connectionCount)
        ) { transport in
            let exporter = MLflowExporter(
                over: transport, toExperiment: target.experiment, credentials: target.credentials,
                workspace: target.workspace, options: options)
            let bar = ProgressBar(
                label: "Exporting", total: Int(clamping: traces.spanCount), unit: "spans")
            defer { bar.finish() }
            return try await exporter.export(
                traces, journal: try delivery.journal(ofArchive: archive)
            ) { done, _ in bar.update(done) }
        }
        try report(result, target)
    }

    private func report(_ result: MLflowExportResult, _ target: MLflowServerOptions.Target) throws {
        for refusal in result.refusals { StandardError.print("Refused: \(refusal)") }
        let page = "\(target.address)/#/experiments/\(result.experimentID)/traces"
        print(
            "Exported \(Text.count(result.traceCount, "trace")) "
                + "(\(Text.count(result.spanCount, "span"))) to the experiment "
                + "\"\(target.experiment)\": \(page)")
        if result.deliveredBeforeCount > 0 {
            print("Delivered before: \(Text.count(result.deliveredBeforeCount, "trace"))")
        }
        ExportText.printNotes(traceWithoutSpansCount: result.traceWithoutSpansCount)
        guard result.refusals.isEmpty else {
            StandardError.print("The server refused some of it: see above.")
            throw ExitCode(1)
        }
    }
}
