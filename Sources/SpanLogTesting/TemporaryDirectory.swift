internal import FoundationEssentials

/// A directory with a name of its own, made by whoever writes into it first.
struct TemporaryDirectory: Sendable {
    let path: String

    /// - Parameter parent: Where it lies; where temporary files do unless somebody says otherwise.
    init(in parent: String? = nil) {
        let parent = parent ?? FileManager.default.temporaryDirectory.path
        path = "\(parent)/spanlog-testing-\(UUID())"
    }

    /// Removes the directory and what is in it, if it is there.
    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
