import Glibc

/// Reads from what is open.
enum Descriptor {
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
