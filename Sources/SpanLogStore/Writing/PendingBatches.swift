/// Batches that are taken from the spool and not yet durable, by sequence.
struct PendingBatches {
    private(set) var batches: [SpanBatch] = []
    /// The bytes of their spans.
    private(set) var byteCount = 0
    /// Why the first batch could not be written, if it was tried.
    var failure: StoreError?

    var isEmpty: Bool { batches.isEmpty }

    mutating func add(_ batches: [SpanBatch]) {
        self.batches += batches
        byteCount += batches.reduce(0) { $0 + $1.byteCount }
    }

    mutating func removeFirst(_ count: Int) {
        byteCount -= batches.prefix(count).reduce(0) { $0 + $1.byteCount }
        batches.removeFirst(count)
    }

    /// The first batches, as many as go well into one transaction: at least one.
    var firstGroup: ArraySlice<SpanBatch> {
        var sum = 0
        let group = batches.prefix { batch in
            defer { sum += batch.byteCount }
            return sum == 0 || sum + batch.byteCount <= Self.groupByteCountMax
        }
        return group.prefix(Self.groupCountMax)
    }

    private static let groupByteCountMax = 8 << 20
    private static let groupCountMax = 16
}

extension SpanBatch {
    /// The bytes of the batch's spans.
    var byteCount: Int {
        switch source {
        case .chunk(_, let byteCount): byteCount
        case .file(_, let block): block.count
        case .memory(let entries): entries.count
        }
    }
}
