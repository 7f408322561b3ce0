import ArgumentParser
import SpanLogStore

/// The stores that a command reads, and how it tells of them.
struct StoreArguments: ParsableArguments {
    @Argument(
        help: "A store's directory, or one with stores below it.", completion: .directory)
    var stores: [String]

    @Flag(help: "Print JSON instead of text.") var json = false

    func validate() throws {
        guard !stores.isEmpty else { throw ValidationError("Name at least one store.") }
    }

    /// The stores at and below the arguments' paths.
    func open() throws -> [Store] {
        try stores.flatMap { try Store.find(at: $0) }
    }

    /// Reads all stores and prints what `describe` says of each.
    ///
    /// - Throws: An exit code of 1 if one of them is damaged.
    func report(_ describe: (StoreReport) -> String) throws {
        let reports = try open().map { StoreReport($0) }
        if json {
            try JSONOutput.print(reports)
        } else {
            for report in reports { print(describe(report)) }
        }
        guard reports.allSatisfy(\.isSound) else { throw ExitCode(1) }
    }
}
