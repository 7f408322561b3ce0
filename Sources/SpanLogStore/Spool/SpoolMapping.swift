import Glibc
import SpanLogFormat
import Synchronization

/// The memory of a recorder's spool: a file that survives the process.
///
/// The file's space is reserved when it is made, so that writing into the mapping never meets a
/// full disk, which would be a fatal signal.
@safe
final class SpoolMapping: @unchecked Sendable {
    // Sendable: the mapping stays as long as the object. Numbers that several threads use are read
    // and written as atomics; chunks and slots belong to whoever holds their shard's lock.

    let path: String
    let layout: SpoolLayout
    private let base: UnsafeMutableRawPointer
    private let descriptor: Int32

    /// Makes the file, which must not be there, and holds its lock as long as the object lives.
    ///
    /// - Throws: ``SystemError``; no file is left behind then.
    init(creating path: String, layout: SpoolLayout) throws(SystemError) {
        self.path = path
        self.layout = layout
        let flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC
        let descriptor = unsafe open(path, flags, 0o600)
        guard descriptor >= 0 else { throw SystemError() }
        do {
            unsafe base = try Self.map(descriptor, layout.byteCount)
            self.descriptor = descriptor
        } catch {
            close(descriptor)
            unsafe unlink(path)
            throw error
        }
    }

    deinit {
        unsafe munmap(base, layout.byteCount)
        close(descriptor)
    }

    private static func map(
        _ descriptor: Int32, _ count: Int
    ) throws(SystemError) -> UnsafeMutableRawPointer {
        // The lock tells readers that the recorder lives. It goes when the process does, however
        // that ends, and it is seen across PID namespaces.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw SystemError() }
        let code = posix_fallocate(descriptor, 0, off_t(count))
        guard code == 0 else { throw SystemError(number: code) }
        let protection = PROT_READ | PROT_WRITE
        let memory = unsafe mmap(nil, count, protection, MAP_SHARED, descriptor, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { throw SystemError() }
        return unsafe memory
    }
}

extension SpoolMapping {
    /// The memory from `offset`.
    ///
    /// SAFETY: `offset` comes from ``layout``, and whoever asks stays within what stands there.
    @unsafe
    func pointer(_ offset: Int) -> UnsafeMutableRawPointer {
        unsafe base + offset
    }

    /// The number at `offset`, which other threads and processes may read meanwhile.
    @unsafe
    func atomic(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        unsafe (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// Copies `bytes` to `offset`. Only for what nobody reads yet.
    func write(_ bytes: [UInt8], at offset: Int) {
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe (base + offset).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
        }
    }

    /// The bytes from `offset`.
    func bytes(_ offset: Int, count: Int) -> [UInt8] {
        unsafe Array(UnsafeRawBufferPointer(start: base + offset, count: count))
    }
}
