import CSpanLogSystem
import Glibc
import SpanLogStore
import Synchronization

/// Temporary space on a disk, without a name: it is gone with the process, however that ends.
///
/// Ranges are handed out from the start to the end and written once. Any thread may write or read.
final class SpillFile: Sendable {
    private let descriptor: Int32
    private let next = Atomic<Int>(0)
    private let byteCount = Atomic<Int>(0)
    private let greatest = Atomic<Int>(0)

    /// Where something lies in the file.
    struct Place: Sendable {
        let offset: Int
        let byteCount: Int

        /// A range of it, from its own beginning.
        func part(_ range: Range<Int>) -> Place {
            Place(offset: offset + range.lowerBound, byteCount: range.count)
        }
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

    /// The bytes that were in use at the same time, at most.
    var byteCountMax: Int { greatest.load(ordering: .relaxed) }

    /// Space for so many bytes, on whole pages of its own.
    func reserve(_ byteCount: Int) -> Place {
        let pages = (byteCount + Self.pageByteCount - 1) / Self.pageByteCount
        let step = pages * Self.pageByteCount
        let offset = next.wrappingAdd(step, ordering: .relaxed).oldValue
        let used = self.byteCount.wrappingAdd(step, ordering: .relaxed).newValue
        greatest.max(used, ordering: .relaxed)
        return Place(offset: offset, byteCount: byteCount)
    }

    func write<Element: BitwiseCopyable>(_ elements: [Element]) throws(SystemError) -> Place {
        let place = reserve(elements.count * MemoryLayout<Element>.stride)
        try write(elements, at: place)
        return place
    }

    /// - Precondition: `place` was reserved and is as long as the elements.
    func write<Element: BitwiseCopyable>(
        _ elements: [Element], at place: Place
    ) throws(SystemError) {
        precondition(place.byteCount == elements.count * MemoryLayout<Element>.stride)
        var failure: SystemError?
        unsafe elements.withUnsafeBytes { buffer in
            var done = 0
            while done < place.byteCount {
                // SAFETY: `done` is less than the buffer's count, so the address lies within.
                let result = unsafe pwrite(
                    descriptor, buffer.baseAddress! + done, place.byteCount - done,
                    off_t(place.offset + done))
                if result < 0, errno == EINTR { continue }
                if result <= 0 { failure = SystemError(number: result == 0 ? ENOSPC : errno) }
                guard result > 0 else { return }
                done += result
            }
        }
        if let failure { throw failure }
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

    /// Gives the space of `place` back, which was reserved, and which nobody reads any more.
    ///
    /// What the system has not written by then, it need not write. Where the file system cannot do
    /// that, the space is free at the end.
    func free(_ place: Place) {
        guard place.byteCount > 0 else { return }
        // FALLOC_FL_KEEP_SIZE and FALLOC_FL_PUNCH_HOLE of Linux.
        let pages = (place.byteCount + Self.pageByteCount - 1) / Self.pageByteCount
        byteCount.wrappingSubtract(pages * Self.pageByteCount, ordering: .relaxed)
        _ = fallocate(descriptor, 0x01 | 0x02, place.offset, pages * Self.pageByteCount)
    }

    private static let pageByteCount = 4096
}
