import ArgumentParser

/// `spanlog verify`: is everything as it was written?
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check every checksum of stores, and that no block is missing.",
        discussion: "Changes nothing. Exits with 0 if all stores are sound, with 1 if not."
    )

    @OptionGroup var arguments: StoreArguments

    func run() throws {
        try arguments.report(StoreText.verdict)
    }
}
