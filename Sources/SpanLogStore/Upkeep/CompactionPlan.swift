/// Which files of a store are joined, and which stay as they are.
struct CompactionPlan {
    /// Segments first, since what is in them wins over spools and single blocks; each by time.
    let inputs: [StoreInventory.File]
    /// Segments that nobody writes, and that stay.
    let kept: [StoreInventory.File]

    init(_ files: [StoreInventory.File], segmentByteCount: UInt64) {
        let isSmall = { (file: StoreInventory.File) in file.byteCount < segmentByteCount / 2 }
        let segments = files.filter(\.isSegment)
        let recovered = files.filter { !$0.isSegment && $0.kind != .compacted }
        let compacted = files.filter { $0.kind == .compacted }
        let small = segments.filter(isSmall)
        // A compacted segment is joined again once what is new makes up half of it, so that a span
        // is copied a logarithmic number of times, and the number of segments stays as small.
        var sum = max(small.reduce(0) { $0 + $1.byteCount }, Self.alwaysJoinedByteCount / 2)
        var joined: Set<StoreInventory.File> = []
        for file in compacted.filter(isSmall).sorted(by: { $0.byteCount < $1.byteCount })
        where file.byteCount <= 2 * sum {
            joined.insert(file)
            sum += file.byteCount
        }
        inputs = compacted.filter(joined.contains) + small + recovered
        kept = compacted.filter { !joined.contains($0) } + segments.filter { !isSmall($0) }
    }

    /// Whether there are fewer files afterwards, or a spool less.
    var isWorthwhile: Bool {
        inputs.count > 1 || inputs.contains { !$0.isSegment && $0.kind != .compacted }
    }

    /// The size of a map that everything fits into.
    var mapByteCount: Int {
        let byteCount = inputs.reduce(0) { $0 + $1.byteCount }
        return Int(clamping: byteCount + byteCount / 8 + 64 << 20)
    }

    private static let alwaysJoinedByteCount: UInt64 = 16 << 20
}

extension StoreInventory.File {
    /// Whether this is a segment of one recorder.
    fileprivate var isSegment: Bool {
        if case .segment = kind { true } else { false }
    }
}
