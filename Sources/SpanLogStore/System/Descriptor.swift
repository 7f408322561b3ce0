import Glibc

/// Opens files, and reads from what is open.
package enum Descriptor {
    /// A new file in `directory` without a name: it is gone with its descriptor, and with the process.
    package static func nameless(in directory: String) throws(SystemError) -> Int32 {
        let temporary = unsafe open(
            directory, temporaryFile | O_RDWR | O_EXCL | O_CLOEXEC, 0o600)
        if temporary >= 0 { return temporary }
        // Not every file system can do that: there the file has a name for a moment.
        let path = "\(directory)/.spanlog-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError() }
        guard unsafe unlink(path) == 0 else {
            let error = SystemError()
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// O_TMPFILE of Linux.
    private static let temporaryFile = 0o20000000 | O_DIRECTORY

    /// One read, repeated if a signal has interrupted it.
    static func bytes(
        of descriptor: Int32, count: Int, at offset: UInt64?
    ) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            var result = -1
            repeat {
                // SAFETY: the buffer has room for `count` bytes.
                if let offset {
                    result = unsafe pread(descriptor, buffer.baseAddress, count, off_t(offset))
                } else {
                    result = unsafe read(descriptor, buffer.baseAddress, count)
                }
            } while result < 0 && errno == EINTR
            if result < 0 { failure = SystemError() }
            initialized = max(0, result)
        }
        if let failure { throw failure }
        return bytes
    }
}
