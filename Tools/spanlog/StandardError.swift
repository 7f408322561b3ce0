import Glibc

/// Where everything goes that is no result.
enum StandardError {
    /// Writes `text` and ends the line.
    static func print(_ text: String) {
        write(text + "\n")
    }

    /// Writes `text` as it is.
    static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count)
            }
            // Nobody is left to tell if this fails.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Whether a person is watching.
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
