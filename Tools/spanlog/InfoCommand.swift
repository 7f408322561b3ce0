import ArgumentParser

/// `spanlog info`: what stores hold.
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what stores hold: services, spans, times, gaps and drops.",
        discussion: "Reads everything and changes nothing. Exits with 1 if a store is damaged."
    )

    @OptionGroup var arguments: StoreArguments

    func run() throws {
        try arguments.report(StoreText.describe)
    }
}
