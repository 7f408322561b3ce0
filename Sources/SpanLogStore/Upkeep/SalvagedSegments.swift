import SpanLogFormat

/// The segments that a rescue writes: compacted ones, which get their names when all are whole.
final class SalvagedSegments {
    private let directory: StoreDirectory
    private let id = RecorderID(bytes: (0..<16).map { _ in UInt8.random(in: 0 ... .max) })!
    private let mapByteCount: Int
    private let segmentByteCount: Int
    private var finished: [CompactedSegment] = []
    /// Blocks of one name stand in different segments: those that came second are in the second, and
    /// so on.
    private var open: [Int: CompactedSegment] = [:]
    /// The payloads that are there under each name.
    private var payloads: [BlockName: [UInt64]] = [:]
    private var compressor = BlockCompressor()

    /// More different blocks under one name are not kept.
    static let sameNameMax = 16

    init(in directory: StoreDirectory, inputByteCount: UInt64, segmentByteCount: Int) {
        self.directory = directory
        self.segmentByteCount = segmentByteCount
        mapByteCount = Int(clamping: inputByteCount / 4 * 5 + 64 << 20)
    }

    /// Takes a block.
    ///
    /// - Parameter value: The value that it is stored as, or `nil` if it is in no segment yet.
    /// - Returns: Whether there was room for it under its name. A block that was sealed again has room,
    ///   and is not copied twice.
    func put(_ block: Block, value: [UInt8]?) throws -> Bool {
        let (name, checksum) = (BlockName(block.header), block.payloadChecksum)
        var known: [UInt64] = []
        if !block.holdsOpenSpans {
            known = payloads[name] ?? []
            if known.contains(checksum) { return true }
            guard known.count < Self.sameNameMax else { return false }
            payloads[name] = known + [checksum]
        }
        let segment = try open[known.count] ?? begin(known.count)
        let stored =
            value.map { Block.padded($0, block.header) } ?? block.sealed(with: &compressor)
        try segment.put(stored, name, holdsOpenSpans: block.holdsOpenSpans)
        if segment.byteCount >= segmentByteCount { try finish(known.count) }
        return true
    }

    private func begin(_ level: Int) throws -> CompactedSegment {
        let segment = try CompactedSegment(
            .init(id: id, number: finished.count + open.count), in: directory,
            byteCountMax: mapByteCount)
        open[level] = segment
        return segment
    }

    private func finish(_ level: Int) throws {
        guard let segment = open.removeValue(forKey: level) else { return }
        finished.append(segment)
        try segment.sync()
    }

    /// Makes all of it durable, and gives it its names.
    func publish(modifiedNanoseconds: UInt64) throws {
        for level in open.keys.sorted() { try finish(level) }
        for segment in finished {
            segment.wasModified(at: modifiedNanoseconds)
            try segment.publish()
        }
    }

    /// Removes what was not published.
    func discard() {
        for segment in finished + open.values { segment.discard() }
    }
}
