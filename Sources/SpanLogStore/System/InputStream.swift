import Glibc

/// A stream of bytes that is read once: standard input, or a pipe by its path.
package final class InputStream: Sendable {
    private let descriptor: Int32
    private let isOwned: Bool

    /// Standard input.
    package init() {
        descriptor = STDIN_FILENO
        isOwned = false
    }

    /// Opens what is at `path`.
    package init(_ path: String) throws(SystemError) {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        isOwned = true
        guard descriptor >= 0 else { throw SystemError() }
    }

    deinit {
        if isOwned, descriptor >= 0 { close(descriptor) }
    }

    /// The next bytes, `count` at most, none at the end.
    package func bytes(count: Int) throws(SystemError) -> [UInt8] {
        try Descriptor.bytes(of: descriptor, count: count, at: nil)
    }
}
