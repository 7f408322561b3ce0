import ArgumentParser
import SpanLogStore

/// `spanlog salvage`: what is intact of a damaged store or archive, as a sound store.
struct Salvage: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take everything intact out of a damaged store or archive into a new store.",
        discussion: """
            Blocks are found even where nothing leads to them any more, in segments, spools and \
            single files; each counts only if its checksum matches. They keep their recorder, boot, \
            number and counters, unfinished spans stay unfinished, and what retention had removed \
            stays known. What is read stays as it is, and may be on a medium that cannot be written.

            An archive holds the blocks of the stores that it was merged from. What is intact of them \
            becomes one store, of which `spanlog merge` makes the archive again.

            What is lost is named, with its place. In the new store it stays missing: `spanlog \
            verify` says so there as well.

            EXIT STATUS
              0     What was read was sound, and all of it is in the new store.
              1     Failed, and there is no new store; standard error says why.
              2     What is intact is in the new store, and damage was found or blocks are missing.
              64    The command line is wrong.
            """
    )

    @Argument(help: "The store's directory, or the archive.", completion: .file())
    var store: String

    @Option(
        name: [.short, .long],
        help: "The directory of the new store. It must be empty, or not be there.",
        completion: .directory)
    var output: String

    @Flag(help: "Print JSON instead of text.") var json = false

    func run() throws {
        let report = try StoreSalvager(store, output: output).run()
        if json {
            try JSONOutput.print(report)
        } else {
            print(StoreText.describe(report))
        }
        guard report.isComplete else { throw ExitCode(2) }
    }
}
