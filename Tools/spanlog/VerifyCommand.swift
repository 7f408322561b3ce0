import ArgumentParser

/// `spanlog verify`: is everything as it was written?
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check every checksum of stores, and that no block is missing.",
        discussion: """
            Changes nothing. Each damage is named with its file, its byte and the block's number, and \
            each run of missing blocks; with --json as members of their own. `spanlog salvage` takes \
            what is intact out of a damaged store.

            EXIT STATUS
              0     All stores are sound.
              1     A store is damaged, or cannot be read.
              64    The command line is wrong.
            """
    )

    @OptionGroup var arguments: StoreArguments

    func run() throws {
        try arguments.report(StoreText.verdict)
    }
}
