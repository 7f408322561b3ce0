import Glibc

/// A file that is read at given places, never mapped: one that shrinks meanwhile is an error here
/// and a fatal signal in a mapping.
package final class ReadOnlyFile: Sendable {
    /// The path that the file was opened by.
    package let path: String
    private let descriptor: Int32

    package init(_ path: String) throws(SystemError) {
        self.path = path
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError() }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The size in bytes at this moment.
    package func byteCount() throws(SystemError) -> UInt64 {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw SystemError() }
        return UInt64(status.st_size)
    }

    /// Whether another open file holds the lock (`flock(2)`) of this one.
    package var isLockedByAnother: Bool {
        guard flock(descriptor, LOCK_SH | LOCK_NB) == 0 else { return errno == EWOULDBLOCK }
        flock(descriptor, LOCK_UN)
        return false
    }

    /// Takes the lock (`flock(2)`) of the file, or directory, unless another open file holds it.
    /// It is held until this object goes, or the process ends, however that comes.
    ///
    /// - Returns: Whether the lock was free.
    package func lock() throws(SystemError) -> Bool {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw SystemError() }
        return false
    }

    /// The bytes from `offset`, fewer than `count` if the file ends before.
    ///
    /// - Complexity: O(*n*) in `count`, which the caller has bounded.
    package func bytes(at offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = 0
            while initialized < count {
                let start = unsafe buffer.baseAddress! + initialized
                let position = off_t(offset) + off_t(initialized)
                // SAFETY: `start` has room for the bytes that are still wanted.
                let result = unsafe pread(descriptor, start, count - initialized, position)
                if result < 0, errno == EINTR { continue }
                if result < 0 { failure = SystemError() }
                guard result > 0 else { break }
                initialized += result
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
