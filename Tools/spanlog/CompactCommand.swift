import ArgumentParser
import SpanLogStore

/// `spanlog compact`: few files out of many.
struct Compact: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Join the small files that ended processes left in stores.",
        discussion: """
            Segments of recorders that have ended become few, and what killed ones left in their \
            spools (36 MiB each) becomes blocks; spans that were open stay unfinished. Nothing is \
            lost, whenever it is interrupted. Services may go on recording: files of recorders that \
            live are not touched.

            EXIT STATUS
              0     Everything that could be joined is.
              1     Failed, or another process is at work there; standard error says why.
              2     Done, but for damaged files, which are named and left as they are.
              64    The command line is wrong.
            """
    )

    @OptionGroup var arguments: StoreArguments

    func run() throws {
        let reports = try arguments.open().map { try StoreCompactor($0.path).run() }
        if arguments.json {
            try JSONOutput.print(reports)
        } else {
            for report in reports { print(StoreText.describe(report)) }
        }
        guard reports.allSatisfy(\.damages.isEmpty) else { throw ExitCode(2) }
    }
}
