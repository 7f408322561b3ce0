import CSpanLogSystem
import Glibc
import SpanLogStore
import Synchronization

/// Temporary space on a disk, without a name: it is gone with the last reference to it, and with the
/// process, however that ends.
///
/// Ranges are handed out from the start to the end and written once. Any thread may write or read.
final class SpillFile: Sendable {
    private let descriptor: Int32
    private let usage: SpillUsage
    private let next = Atomic<Int>(0)
    private let punchedByteCount = Atomic<Int>(0)
    /// What was freed last and is not given back yet.
    private let freed = Mutex(0..<0)

    /// Where something lies in the file.
    struct Place: Sendable {
        let offset: Int
        let byteCount: Int

        var range: Range<Int> { offset..<offset + byteCount }

        /// A range of it, from its own beginning.
        func part(_ range: Range<Int>) -> Place {
            Place(offset: offset + range.lowerBound, byteCount: range.count)
        }
    }

    /// Opens temporary space in `directory`.
    init(in directory: String, _ usage: SpillUsage) throws(SystemError) {
        self.usage = usage
        descriptor = try Descriptor.nameless(in: directory)
    }

    deinit {
        close(descriptor)
        usage.subtract(
            next.load(ordering: .relaxed) - punchedByteCount.load(ordering: .relaxed))
    }

    func reserve(_ byteCount: Int) -> Place {
        let offset = next.wrappingAdd(byteCount, ordering: .relaxed).oldValue
        usage.add(byteCount)
        return Place(offset: offset, byteCount: byteCount)
    }

    /// Whole pages, the last of which may be used in part, so that what is reserved next in this way begins
    /// with a page.
    func reservePages(_ byteCount: Int) -> Place {
        let pageCount = (byteCount + Self.pageByteCount - 1) / Self.pageByteCount
        let place = reserve(pageCount * Self.pageByteCount)
        return place.part(0..<byteCount)
    }

    func write<Element: BitwiseCopyable>(
        _ elements: borrowing Span<Element>
    ) throws(SystemError) -> Place {
        let place = reserve(elements.count * MemoryLayout<Element>.stride)
        try write(elements, at: place)
        return place
    }

    /// - Precondition: `place` was reserved and is as long as the elements.
    func write<Element: BitwiseCopyable>(
        _ elements: borrowing Span<Element>, at place: Place
    ) throws(SystemError) {
        var failure: SystemError?
        unsafe elements.withUnsafeBytes { buffer in
            do throws(SystemError) {
                try unsafe write(buffer, at: place)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private func write(
        _ bytes: UnsafeRawBufferPointer, at place: Place
    ) throws(SystemError) {
        precondition(place.byteCount == bytes.count)
        var done = 0
        while done < place.byteCount {
            // SAFETY: `done` is less than the buffer's count, so the address lies within.
            let result = unsafe pwrite(
                descriptor, bytes.baseAddress! + done, place.byteCount - done,
                off_t(place.offset + done))
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { throw SystemError(number: result == 0 ? ENOSPC : errno) }
            done += result
        }
    }

    /// Reads what lies at `place` over all of `elements`.
    ///
    /// - Precondition: They are as long, and were written as `Element`.
    func read<Element: BitwiseCopyable>(
        _ place: Place, into elements: inout [Element]
    ) throws(SystemError) {
        var elements = elements.mutableSpan
        // SAFETY: the precondition says that these bytes are elements.
        var bytes = unsafe elements.mutableBytes
        try read(place, into: &bytes)
    }

    /// Reads what lies at `place`.
    ///
    /// - Precondition: `bytes` are as many.
    func read(_ place: Place, into bytes: inout MutableRawSpan) throws(SystemError) {
        var failure: SystemError?
        unsafe bytes.withUnsafeMutableBytes { buffer in
            do throws(SystemError) {
                try unsafe read(place, into: buffer)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private func read(
        _ place: Place, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) {
        precondition(place.byteCount == buffer.count)
        var done = 0
        while done < place.byteCount {
            // SAFETY: the precondition keeps what is read within the buffer.
            let result = unsafe pread(
                descriptor, buffer.baseAddress! + done, place.byteCount - done,
                off_t(place.offset + done))
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { throw SystemError(number: result == 0 ? EIO : errno) }
            done += result
        }
    }

    /// Says that nobody reads `place` any more, which was reserved.
    ///
    /// The space is given back once much of it is in one piece, and with the file: a file system that
    /// passes on to its disk what is free takes a millisecond for each piece, whatever its size.
    func free(_ place: Place) {
        let piece = freed.withLock { freed -> Range<Int>? in
            // What is left of the last page of the one before belongs to it.
            let isNext = 0..<Self.pageByteCount ~= place.offset - freed.upperBound
            freed = (isNext ? freed.lowerBound : place.offset)..<place.range.upperBound
            guard freed.count >= Self.punchedBytesMin else { return nil }
            defer { freed = freed.upperBound..<freed.upperBound }
            return freed
        }
        guard let piece else { return }
        // FALLOC_FL_KEEP_SIZE and FALLOC_FL_PUNCH_HOLE of Linux. Where the file system cannot do it,
        // the space is free at the end.
        guard fallocate(descriptor, 0x01 | 0x02, piece.lowerBound, piece.count) == 0 else { return }
        punchedByteCount.wrappingAdd(piece.count, ordering: .relaxed)
        usage.subtract(piece.count)
    }

    private static let pageByteCount = 4096
    private static let punchedBytesMin = 16 << 20
}

/// What all files of temporary space take.
final class SpillUsage: Sendable {
    private let byteCount = Atomic<Int>(0)
    private let greatest = Atomic<Int>(0)

    /// The bytes that were in use at the same time, at most.
    var byteCountMax: Int { greatest.load(ordering: .relaxed) }

    func add(_ count: Int) {
        greatest.max(byteCount.wrappingAdd(count, ordering: .relaxed).newValue, ordering: .relaxed)
    }

    func subtract(_ count: Int) {
        byteCount.wrappingSubtract(count, ordering: .relaxed)
    }
}
