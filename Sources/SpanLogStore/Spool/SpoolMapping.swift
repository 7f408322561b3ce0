import Glibc
import SpanLogFormat
import Synchronization

/// The memory of a recorder's spool: a file that survives the process.
///
/// The file's space is reserved when it is made, so that writing into the mapping never meets a
/// full disk, which would be a fatal signal.
@safe
final class SpoolMapping: Sendable {
    let path: String
    var layout: SpoolLayout { memory.layout }
    /// The memory, valid as long as the mapping.
    let memory: SpoolMemory
    private let descriptor: Int32

    /// Makes the file, which must not be there, and holds its lock as long as the object lives.
    ///
    /// - Throws: ``SystemError``; no file is left behind then.
    init(creating path: String, layout: SpoolLayout) throws(SystemError) {
        self.path = path
        let flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC
        let descriptor = unsafe open(path, flags, 0o600)
        guard descriptor >= 0 else { throw SystemError() }
        do {
            let base = unsafe try Self.map(descriptor, layout.byteCount)
            memory = unsafe SpoolMemory(base, layout)
            self.descriptor = descriptor
        } catch {
            close(descriptor)
            unsafe unlink(path)
            throw error
        }
    }

    deinit {
        unsafe munmap(memory.base, layout.byteCount)
        close(descriptor)
    }

    private static func map(
        _ descriptor: Int32, _ count: Int
    ) throws(SystemError) -> UnsafeMutableRawPointer {
        // The lock tells readers that the recorder lives. It goes when the process does, however
        // that ends, and it is seen across PID namespaces.
        // A reader that looks whether somebody has it holds it for a moment, for which this waits.
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw SystemError() }
        }
        let code = posix_fallocate(descriptor, 0, off_t(count))
        guard code == 0 else { throw SystemError(number: code) }
        let protection = PROT_READ | PROT_WRITE
        let memory = unsafe mmap(nil, count, protection, MAP_SHARED, descriptor, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { throw SystemError() }
        return unsafe memory
    }
}
