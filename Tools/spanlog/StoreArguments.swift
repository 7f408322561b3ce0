import ArgumentParser
import SpanLogStore

/// The stores that a command reads.
struct StoreArguments: ParsableArguments {
    @Argument(
        help: "A store's directory, or one with stores below it.", completion: .directory)
    var stores: [String]

    func validate() throws {
        guard !stores.isEmpty else { throw ValidationError("Name at least one store.") }
    }

    /// The stores at and below the arguments' paths.
    func open() throws -> [Store] {
        try stores.flatMap { try Store.find(at: $0) }
    }
}
