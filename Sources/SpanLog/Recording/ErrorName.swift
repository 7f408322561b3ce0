/// What an error's type is called in an event `exception`.
enum ErrorName {
    /// The type with the module and the types around it, as `Planner.Search.NoPage`.
    ///
    /// Swift prints an address into the name of a private type, which is another one in each process:
    /// it is left out, so that failures of one kind are found under one name.
    static func name(of error: any Error) -> String {
        let name = String(reflecting: type(of: error))
        guard name.utf8.contains(UInt8(ascii: "(")) else { return name }
        return name.replacing(/\(unknown context at \$[0-9a-f]+\)\./, with: "")
    }
}
