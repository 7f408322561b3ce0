import SpanLogStore
import Synchronization

/// Temporary space that is opened once it is needed.
final class SpillSpace: Sendable {
    private let directory: String
    private let opened = Mutex<SpillFile?>(nil)

    init(in directory: String) {
        self.directory = directory
    }

    /// The bytes that were written so far.
    var byteCount: Int { opened.withLock { $0?.byteCount ?? 0 } }

    /// Runs `body` with the file.
    ///
    /// - Throws: ``MergeError`` with code ``MergeError/Code/writeFailed`` if it cannot be written.
    func withFile<Result>(_ body: (SpillFile) throws -> Result) throws -> Result {
        do {
            return try body(try file())
        } catch let error as SystemError {
            throw MergeError(
                .writeFailed,
                "Cannot use \(directory) for temporary files: make room there, name another "
                    + "directory with --temporary, or allow more memory with --memory. "
                    + "No archive was written.",
                cause: error)
        }
    }

    private func file() throws -> SpillFile {
        try opened.withLock { opened in
            if let opened { return opened }
            let file = try SpillFile(in: directory)
            opened = file
            return file
        }
    }
}
