import Glibc

/// Bytes that wait on a disk to be read again, in a file without a name: it is gone with the process.
package final class ScratchFile: Sendable {
    private let descriptor: Int32

    /// Opens one in `directory`.
    package init(in directory: String) throws(SystemError) {
        descriptor = try Descriptor.nameless(in: directory)
    }

    deinit {
        close(descriptor)
    }

    /// Appends `bytes`.
    package func append(_ bytes: [UInt8]) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { buffer in
                // SAFETY: the call reads within the `count` bytes that it is given.
                unsafe write(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError() }
            rest = rest.dropFirst(count)
        }
    }

    /// The bytes from `offset`, `count` at most, none at the end.
    package func bytes(at offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
        try Descriptor.bytes(of: descriptor, count: count, at: offset)
    }
}
