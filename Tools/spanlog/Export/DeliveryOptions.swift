import ArgumentParser
import SpanLogExport

/// How an export delivers.
struct DeliveryOptions: ParsableArguments {
    @Flag(
        name: .customLong("otlp-only"),
        help: """
            Send spans alone: several times as fast for small traces, without previews of your own, \
            metadata, client request ids and feedback.
            """)
    var sendsSpansOnly = false

    @Flag(help: "Leave out what the last export delivered, if it was interrupted.")
    var resume = false

    @Flag(
        name: .customLong("since-last"),
        help: "Leave out what earlier exports delivered and has not changed since.")
    var sinceLast = false

    @Option(
        help: ArgumentHelp(
            "Keep what was delivered in this file, not in ARCHIVE.exports.", valueName: "file"),
        completion: .file())
    var journal: String?

    @Option(help: ArgumentHelp("Requests under way at the same time, 1 to 16.", valueName: "count"))
    var connections = 3

    @Option(
        name: .customLong("spans-per-request"),
        help: ArgumentHelp("Spans that a request may hold, 1 to 10000.", valueName: "count"))
    var spansPerRequest = 1000

    func validate() throws {
        guard (1...10_000).contains(spansPerRequest) else {
            throw ValidationError("--spans-per-request must be from 1 to 10000.")
        }
        guard (1...16).contains(connections) else {
            throw ValidationError("--connections must be from 1 to 16.")
        }
    }

    func options(_ selection: TraceSelectionOptions) throws -> MLflowExporter.Options {
        var options = MLflowExporter.Options()
        options.connectionCount = connections
        options.spansPerRequestMax = spansPerRequest
        options.sendsSpansOnly = sendsSpansOnly
        options.state = selection.state
        return options
    }

    /// The journal; `nil` if none can be kept beside the archive and nobody needs it.
    func journal(ofArchive archive: String) throws -> ExportJournal? {
        let omission: ExportJournal.Omission =
            sinceLast ? .deliveredBefore : resume ? .deliveredByInterruptedExport : .nothing
        let journal = ExportJournal(journal ?? archive + ".exports", omitting: omission)
        if omission == .nothing, self.journal == nil, !journal.canBeKept {
            StandardError.print(
                "No journal of this export is kept, since \(journal.path) cannot be written; "
                    + "--journal names another place.")
            return nil
        }
        return journal
    }
}
