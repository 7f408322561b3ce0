/// The names of what client spans called, for the report of missing stores.
enum CalledService {
    /// As many names are counted by themselves.
    static let namesMax = 1000
    static let others = "(others)"
}
