import ArgumentParser
import SpanLogStore

/// `spanlog info`: what stores hold.
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what stores hold: services, spans, times, gaps and drops.",
        discussion: "Reads everything and changes nothing. Exits with 1 if a store is damaged."
    )

    @OptionGroup var arguments: StoreArguments
    @Flag(help: "Print JSON instead of text.") var json = false

    func run() throws {
        let reports = try arguments.open().map { StoreReport($0) }
        if json {
            try JSONOutput.print(reports)
        } else {
            for report in reports { print(StoreText.describe(report)) }
        }
        guard reports.allSatisfy(\.isSound) else { throw ExitCode(1) }
    }
}
