import Foundation

/// Where everything goes that is no result.
enum StandardError {
    /// Writes `text` and ends the line.
    static func print(_ text: String) {
        write(text + "\n")
    }

    /// Writes `text` as it is.
    static func write(_ text: String) {
        // Nobody is left to tell if this fails.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// Whether a person is watching.
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
