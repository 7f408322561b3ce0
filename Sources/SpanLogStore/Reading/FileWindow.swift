/// Looks through a file from front to back, with a piece of it in memory at a time.
///
/// Places that cannot be read, bad sectors for example, are passed over, and so are holes, which may
/// be larger than any disk.
struct FileWindow {
    /// The bytes that are looked at: the file may grow meanwhile.
    let byteCount: UInt64
    private let file: ReadOnlyFile
    private var bytes: [UInt8] = []
    private var start: UInt64 = 0

    /// The places that are looked at: `phase`, and on from there in steps.
    struct Places {
        let phase: UInt64
        let step: UInt64

        func next(from position: UInt64) -> UInt64 {
            guard position > phase else { return phase }
            return phase + (position - phase + step - 1) / step * step
        }
    }

    init(_ file: ReadOnlyFile, byteCount: UInt64) {
        self.file = file
        self.byteCount = byteCount
    }

    /// The first place between two others that the bytes of `pattern` begin at.
    ///
    /// - Complexity: O(*n*) in the bytes between the two.
    mutating func offset(
        of pattern: [UInt8], from first: UInt64, to end: UInt64, at places: Places
    ) -> UInt64? {
        let end = min(end, byteCount)
        var position = places.next(from: first)
        while position < end, end - position >= UInt64(pattern.count) {
            let data = file.dataOffset(from: position)
            guard let data, data < end else { return nil }
            position = places.next(from: data)
            guard load(position, count: pattern.count) else {
                position = places.next(from: position + Self.sectorByteCount)
                continue
            }
            let last = min(end, start + UInt64(bytes.count)) - UInt64(pattern.count)
            while position <= last {
                if isMatch(pattern, at: Int(position - start)) { return position }
                position += places.step
            }
        }
        return nil
    }

    private func isMatch(_ pattern: [UInt8], at index: Int) -> Bool {
        guard bytes[index] == pattern[0] else { return false }
        return bytes[index..<index + pattern.count].elementsEqual(pattern)
    }

    /// Sees to it that `count` bytes from `position` on are in memory.
    private mutating func load(_ position: UInt64, count: Int) -> Bool {
        func isLoaded() -> Bool {
            position >= start && position + UInt64(count) <= start + UInt64(bytes.count)
        }
        if isLoaded() { return true }
        for size in [Self.windowByteCount, Self.sectorByteCount] {
            start = position
            bytes = (try? file.bytes(at: position, count: Int(size))) ?? []
            if isLoaded() { return true }
        }
        return false
    }

    private static let windowByteCount: UInt64 = 1 << 20
    private static let sectorByteCount: UInt64 = 4096
}
