import Glibc
import SpanLogStore
import Synchronization

/// Temporary space on a disk, without a name: it is gone with the process, however that ends.
///
/// Ranges are handed out from the start to the end and written once. Any thread may write or read.
final class SpillFile: Sendable {
    private let descriptor: Int32
    private let next = Atomic<Int>(0)

    /// Where something lies in the file.
    struct Place: Sendable {
        let offset: Int
        let byteCount: Int
    }

    /// Opens temporary space in `directory`.
    init(in directory: String) throws(SystemError) {
        let path = "\(directory)/.spanlog-merge-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError() }
        guard unsafe unlink(path) == 0 else { throw SystemError() }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The bytes that were ever handed out.
    var byteCount: Int { next.load(ordering: .relaxed) }

    func write<Element: BitwiseCopyable>(_ elements: [Element]) throws(SystemError) -> Place {
        try write(elements[...])
    }

    func write<Element: BitwiseCopyable>(
        _ elements: ArraySlice<Element>
    ) throws(SystemError) -> Place {
        let byteCount = elements.count * MemoryLayout<Element>.stride
        let offset = next.wrappingAdd(byteCount, ordering: .relaxed).oldValue
        var failure: SystemError?
        unsafe elements.withUnsafeBytes { buffer in
            var done = 0
            while done < byteCount {
                // SAFETY: `done` is less than the buffer's count, so the address lies within.
                let result = unsafe pwrite(
                    descriptor, buffer.baseAddress! + done, byteCount - done, off_t(offset + done))
                if result < 0, errno == EINTR { continue }
                if result <= 0 { failure = SystemError(number: result == 0 ? ENOSPC : errno) }
                guard result > 0 else { return }
                done += result
            }
        }
        if let failure { throw failure }
        return Place(offset: offset, byteCount: byteCount)
    }

    /// Reads what lies at `place` over the elements of `elements` from `index` on.
    ///
    /// - Precondition: `elements` has that many, and they were written as `Element`.
    func read<Element: BitwiseCopyable>(
        _ place: Place, into elements: inout [Element], at index: Int
    ) throws(SystemError) {
        let start = index * MemoryLayout<Element>.stride
        precondition(start + place.byteCount <= elements.count * MemoryLayout<Element>.stride)
        var failure: SystemError?
        unsafe elements.withUnsafeMutableBytes { buffer in
            var done = 0
            while done < place.byteCount {
                // SAFETY: the precondition keeps what is read within the buffer.
                let result = unsafe pread(
                    descriptor, buffer.baseAddress! + start + done, place.byteCount - done,
                    off_t(place.offset + done))
                if result < 0, errno == EINTR { continue }
                if result <= 0 { failure = SystemError(number: result == 0 ? EIO : errno) }
                guard result > 0 else { return }
                done += result
            }
        }
        if let failure { throw failure }
    }
}

/// How much a directory's file system can take.
enum DiskSpace {
    /// The bytes that are free for this user where `directory` lies, or `nil` if nobody knows.
    static func available(at directory: String) -> UInt64? {
        var status = statvfs()
        guard unsafe statvfs(directory, &status) == 0 else { return nil }
        return UInt64(status.f_bavail) &* UInt64(status.f_frsize)
    }
}
