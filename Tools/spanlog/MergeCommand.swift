import ArgumentParser
import SpanLogMerge

/// `spanlog merge`: one archive of whole traces.
struct MergeStores: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Join the spans of all stores into one archive of whole traces.",
        discussion: """
            The archive appears whole or not at all, and the stores are not changed. Damage in a \
            store is passed over and named: what is sound beside it is merged.

            EXIT STATUS
              0     Everything was sound and is in the archive.
              1     There is no archive; standard error says why.
              2     There is an archive, and damage that is named.
              64    The command line is wrong.
            """
    )

    @OptionGroup var arguments: StoreArguments
    @Option(name: .shortAndLong, help: "The archive to make.", completion: .file())
    var output: String
    @Flag(help: "Replace the archive if it exists.") var overwrite = false

    func run() throws {
        let merge = Merge(stores: try arguments.open())
        let progress = MergeProgress()
        let report = try merge.write(
            to: output, replacing: overwrite, progress: progress.update)
        progress.finish()
        if arguments.json {
            try JSONOutput.print(report)
        } else {
            print(MergeText.describe(report, output: output))
        }
        guard report.damages.isEmpty else { throw ExitCode(2) }
    }
}
