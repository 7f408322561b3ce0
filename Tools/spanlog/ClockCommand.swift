import ArgumentParser
import FoundationEssentials
import SpanLogMerge

/// `spanlog clock`: how the clocks of hosts were aligned.
struct Clock: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how far the clocks of an archive's hosts were apart, and how sure that is.",
        usage: """
            spanlog clock ARCHIVE [--json]
            spanlog clock ARCHIVE --plot [FILE]
            """,
        discussion: """
            A line for each boot of a host: the offset that is added to its times, how it drifts, \\
            how far off that may be, and the messages that say so. Processes of one boot share its \\
            clock. A bound that nobody knows is "unknown".
            """
    )

    @Argument(help: "The archive, as merge made it.", completion: .file()) var archive: String
    @Flag(help: "Print JSON instead of text.") var json = false
    @Flag(help: "Draw offsets and bounds over time, below the table or into the file.")
    var plot = false
    @Argument(help: "Where the drawing goes.", completion: .file()) var file: String?

    func validate() throws {
        guard file == nil || plot else {
            throw ValidationError("Say --plot to draw into a file, or leave the file out.")
        }
        guard !(plot && json && file == nil) else {
            throw ValidationError("Name a file for the drawing: --json has standard output.")
        }
    }

    func run() throws {
        let reader = try ArchiveReader(archive)
        let names = reader.report.clockNames
        if json {
            try JSONOutput.print(ClockReport(reader.corrections))
        } else {
            print(ClockTable.text(reader.corrections, names: names))
        }
        guard plot else { return }
        let drawing = ClockPlot.text(reader.corrections, names: names)
        let text = drawing.isEmpty ? "No clock was moved: there is nothing to draw." : drawing
        if let file { try write(text + "\n", to: file) } else { print("\n" + text) }
    }

    private func write(_ text: String, to file: String) throws {
        do {
            try Data(text.utf8).write(to: URL(filePath: file))
        } catch {
            throw CommandFailure(
                "Cannot write the drawing to \(file): make room or choose another place.")
        }
    }
}
