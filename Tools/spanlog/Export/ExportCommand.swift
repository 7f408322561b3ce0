import ArgumentParser

/// `spanlog export`: groups the targets.
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the traces of an archive to where people look at them.",
        subcommands: [ExportMLflow.self, ExportMLflowFile.self])
}
