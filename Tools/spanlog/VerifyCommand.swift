import ArgumentParser
import SpanLogStore

/// `spanlog verify`: is everything as it was written?
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check every checksum of stores, and that no block is missing.",
        discussion: "Changes nothing. Exits with 0 if all stores are sound, with 1 if not."
    )

    @OptionGroup var arguments: StoreArguments
    @Flag(help: "Print JSON instead of text.") var json = false

    func run() throws {
        let reports = try arguments.open().map { StoreReport($0) }
        if json {
            try JSONOutput.print(reports)
        } else {
            for report in reports { print(StoreText.verdict(report)) }
        }
        guard reports.allSatisfy(\.isSound) else { throw ExitCode(1) }
    }
}
