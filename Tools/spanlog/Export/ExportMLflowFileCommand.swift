import ArgumentParser
import SpanLogExport
import SpanLogMerge

/// `spanlog export mlflow-file`.
struct ExportMLflowFile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mlflow-file",
        abstract: "Write the traces of an archive into a file that MLflow's own package reads.",
        discussion: """
            For the far side of a gap that no network crosses: each line is a trace as MLflow's \
            Trace.to_json has it. There, with nothing but Python and MLflow,

              python import_mlflow_file.py FILE --tracking-uri sqlite:///mlflow.db --experiment NAME

            brings it to a server or a database. Ids are kept, and both steps may be repeated.

            EXIT STATUS
              0     The file is written.
              1     It could not be written, or the archive is damaged.
              64    The command line is wrong.
            """)

    @Argument(help: "The archive, as \"spanlog merge\" made it.", completion: .file())
    var archive: String
    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("The file to write, such as traces.jsonl.", valueName: "file"),
        completion: .file())
    var output: String
    @OptionGroup(title: "Which traces") var selection: TraceSelectionOptions

    func run() async throws {
        let traces = try selection.traces(ofArchive: archive)
        let bar = ProgressBar(
            label: "Writing", total: Int(clamping: traces.spanCount), unit: "spans")
        let result = try await {
            defer { bar.finish() }
            return try await MLflowFile(output, state: selection.state).write(traces) {
                bar.update($0)
            }
        }()
        print(
            "Wrote \(Text.count(result.traceCount, "trace")) "
                + "(\(Text.count(result.spanCount, "span"))) to \(output)")
        ExportText.printNotes(traceWithoutSpansCount: result.traceWithoutSpansCount)
    }
}
