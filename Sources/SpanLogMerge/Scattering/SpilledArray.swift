import SpanLogStore

/// An array that lies in a file of temporary space, compressed if that pays.
struct SpilledArray: Sendable {
    let offset: Int
    // 32 bits, since there are many: one record has two gigabytes at most, and the others of its chunk
    // a few megabytes.
    /// What it takes in memory.
    let byteCount: UInt32
    private let storedByteCount: UInt32

    /// Writes `elements`.
    init<Element: BitwiseCopyable>(
        _ elements: [Element], in file: SpillFile, with compressor: ChunkCompressor? = nil
    ) throws(SystemError) {
        byteCount = UInt32(elements.count * MemoryLayout<Element>.stride)
        let isCompressible = 1...Self.compressedBytesMax ~= byteCount
        let frame = isCompressible ? compressor?.compressed(elements) : nil
        if let frame, frame.count < byteCount {
            offset = try file.write(frame).offset
            storedByteCount = UInt32(frame.count)
        } else {
            offset = try file.write(elements[...]).offset
            storedByteCount = byteCount
        }
    }

    /// A longer one is a single record, and compressing it takes as much memory again.
    private static let compressedBytesMax: UInt32 = 4 << 20

    var place: SpillFile.Place {
        SpillFile.Place(offset: offset, byteCount: Int(storedByteCount))
    }

    /// Reads it over the elements of `elements` from `index` on.
    ///
    /// - Precondition: `elements` has that many, and they were written as `Element`.
    func read<Element: BitwiseCopyable>(
        from file: SpillFile, into elements: inout [Element], at index: Int
    ) throws {
        guard storedByteCount < byteCount else {
            return try file.read(place, into: &elements, at: index)
        }
        var frame = [UInt8](repeating: 0, count: Int(storedByteCount))
        try file.read(place, into: &frame, at: 0)
        let count = Int(byteCount) / MemoryLayout<Element>.stride
        try ZstdFrame.decompress(frame, over: &elements, index..<index + count)
    }
}
