import ArgumentParser
import SpanLogFormat
import SpanLogMerge

/// `spanlog show`: the traces of an archive, or one of them as a tree.
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the traces of an archive, newest first, or draw one as a tree.",
        discussion: """
            Times are corrected by the clocks that the merge found, see `spanlog clock`. A span is \
            marked if it may have started before the one above it, on another host: if their \
            starts are closer together than the clocks are known.
            """
    )

    @Argument(help: "The archive, as merge made it.", completion: .file()) var archive: String
    @Argument(help: "The trace to draw: its 32 hexadecimal digits, with or without \"tr-\".")
    var trace: String?
    @Option(help: "List at most this many traces.") var limit = 50
    @Flag(help: "Show times as they were recorded.") var rawTime = false
    @Flag(help: "Print JSON instead of text.") var json = false

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be at least 1.") }
        if let trace, TraceID(argument: trace) == nil {
            throw ValidationError(
                "\"\(trace)\" is no trace id: name one that `spanlog show \(archive)` lists.")
        }
    }

    func run() throws {
        var reader = try ArchiveReader(archive)
        reader.readsRawTimes = rawTime
        if let id = trace.flatMap(TraceID.init(argument:)) {
            try show(id, of: reader)
        } else {
            try list(reader)
        }
    }

    private func list(_ reader: ArchiveReader) throws {
        let summaries = try reader.newestSummaries(limit: limit)
        if json {
            try JSONOutput.print(summaries.map(TraceJSON.Summary.init))
        } else {
            for line in TraceList.lines(summaries) { print(line) }
        }
    }

    private func show(_ id: TraceID, of reader: ArchiveReader) throws {
        guard let trace = try reader.trace(id) else {
            throw ValidationError(
                "\(archive) holds no trace \(id): `spanlog show \(archive)` lists what it holds.")
        }
        if json {
            try JSONOutput.print(TraceJSON(trace, reader.corrections))
        } else {
            let spans = trace.withoutNotes
            // Notes are drawn only if there is nothing else of the trace.
            let drawn = spans.spans.isEmpty ? trace : spans
            let tree = TraceTree(drawn, reader.corrections)
            for line in tree.lines(style: .standardOutput) { print(line) }
        }
    }
}
