import SpanLogFormat

/// What a rescue took from a store or an archive, and what it could not.
public struct SalvageReport: Sendable, Codable {
    /// The directory of the new store.
    public let output: String
    /// What was found: its recorders, their missing blocks, and each damage.
    public internal(set) var source: StoreReport
    /// What the new store holds.
    public let rescued: Counts
    /// The blocks that are known to be lost, as far as one that follows them tells.
    public let lostBlockCount: UInt64
    /// The bytes of the new store's files.
    public internal(set) var byteCount: UInt64 = 0

    /// How much there is.
    public struct Counts: Hashable, Sendable, Codable {
        /// The number of blocks.
        public private(set) var blockCount: UInt64 = 0
        /// The number of spans in these blocks.
        public private(set) var spanCount: UInt64 = 0
        /// The number of spans that were open when their recorder died.
        public private(set) var openSpanCount: UInt64 = 0

        mutating func add(_ block: Block) {
            let count = UInt64(block.header.spanCount)
            if block.holdsOpenSpans {
                openSpanCount += count
            } else {
                blockCount += 1
                spanCount += count
            }
        }
    }

    /// - Parameter lostBlockCount: The blocks that are lost, if others than the missing ones of each
    ///   recorder tell.
    init(
        output: String, source: StoreReport, _ rescued: Counts, lostBlockCount: UInt64? = nil
    ) {
        self.output = output
        self.source = source
        self.rescued = rescued
        self.lostBlockCount = lostBlockCount ?? Self.missingBlockCount(of: source)
    }

    private static func missingBlockCount(of source: StoreReport) -> UInt64 {
        source.recorders.flatMap(\.gaps).reduce(0) { sum, gap in
            let (count, isOverflow) = sum.addingReportingOverflow(gap.last - gap.first)
            return isOverflow || count == .max ? .max : count + 1
        }
    }

    /// Whether what was read was sound, so that nothing is lost.
    public var isComplete: Bool { source.isSound }
}
