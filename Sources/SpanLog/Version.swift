/// The version of this package, as the resource of every span tells it.
enum Version {
    static let current = "0.1.0"
}
