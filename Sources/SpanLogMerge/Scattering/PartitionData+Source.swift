import SpanLogFormat

extension PartitionData.Source {
    /// The lower half of a trace id that most of the records share, if there is one.
    ///
    /// - Complexity: O(*n*) in the number of records, which are read without their texts.
    func dominantTrace(in space: SpillSpace) throws -> UInt64? {
        // Boyer and Moore's vote: what more than half of them share survives it.
        var (candidate, votes) = (UInt64(0), 0)
        try forEachRecord(in: space) { record in
            if votes == 0 { candidate = record.traceLow }
            votes += record.traceLow == candidate ? 1 : -1
        }
        var count = 0
        try forEachRecord(in: space) { if $0.traceLow == candidate { count += 1 } }
        return count > recordCount / 2 ? candidate : nil
    }

    /// What the first halves of the trace ids are that end with `low`.
    ///
    /// - Complexity: O(*n*) in the number of records, which are read without their texts.
    func firstHalves(of low: UInt64, in space: SpillSpace) throws -> PartitionData.FirstHalves {
        var halves = PartitionData.FirstHalves(low)
        try forEachRecord(in: space) { if $0.traceLow == low { halves.add($0) } }
        return halves
    }

    private func forEachRecord(in space: SpillSpace, _ body: (Record) -> Void) throws {
        for chunk in held { chunk.forEachRecord(body) }
        for chunk in spilled { try space.using { try chunk.readRecords() }.forEachRecord(body) }
    }

    /// The records of both.
    static func + (left: Self, right: Self) -> Self {
        Self(held: left.held + right.held, spilled: left.spilled + right.spilled)
    }

    static func += (left: inout Self, right: Self) {
        left.area = left.area ?? right.area
        left.held += right.held
        left.spilled += right.spilled
    }
}

extension PartitionData {
    /// The first halves of trace ids that share the last half.
    struct FirstHalves {
        let low: UInt64
        private(set) var least = UInt64.max
        private(set) var greatest: UInt64 = 0
        /// What their records take in memory.
        private(set) var byteCount = 0
        /// The one half of spans that is not zero.
        private var other: UInt64?
        private var isAmbiguous = false

        init(_ low: UInt64) {
            self.low = low
        }

        mutating func add(_ record: Record) {
            least = min(least, record.traceHigh)
            greatest = max(greatest, record.traceHigh)
            byteCount += record.texts.count + MemoryLayout<Record>.stride
            // Links and what is in no trace have no say in which traces there are.
            guard record.traits.isDisjoint(with: [.isLink, .isSetAside]) else { return }
            guard record.traceHigh != 0, record.traceHigh != other else { return }
            if other != nil { isAmbiguous = true }
            other = record.traceHigh
        }

        /// The one trace that all records belong to, if there is one.
        ///
        /// - Parameter matchesLow64: Whether ids of 64 bits belong to the one of 128 bits, if it is
        ///   beyond doubt which that is.
        func trace(matchesLow64: Bool) -> TraceID? {
            if least == greatest { return TraceID(high: least, low: low) }
            guard matchesLow64, !isAmbiguous, let other else { return nil }
            return TraceID(high: other, low: low)
        }
    }
}
