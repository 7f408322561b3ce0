import FoundationEssentials
public import SpanLogStore

/// What a merge read, and where every record of it went.
public struct MergeReport: Sendable, Codable {
    /// Each store that was read, in the order of the paths.
    public internal(set) var stores: [StoreReport] = []
    /// Where every record went.
    public internal(set) var accounting = Accounting()
    /// What became of the traces.
    public internal(set) var traces = Traces()

    /// Every record that was read ends in exactly one of the other counts.
    public struct Accounting: Sendable, Codable, Hashable {
        /// Records read from sound blocks.
        public internal(set) var read: UInt64 = 0
        /// Spans in the archive.
        public internal(set) var spansOut: UInt64 = 0
        /// Records of a block that was read already: a store carried twice, or a copy of it.
        public internal(set) var replica: UInt64 = 0
        /// Records with the same bytes as another, from another block.
        public internal(set) var identical: UInt64 = 0
        /// Records of a span that was open, of which its recorder said more later.
        public internal(set) var joined: UInt64 = 0
        /// Records that are no valid span, by reason. They are in the archive, outside all traces.
        public internal(set) var quarantined: [String: UInt64] = [:]

        /// Whether the counts add up:
        /// `read = spans out + replica + identical + joined + quarantined`.
        public var isBalanced: Bool {
            // Subtracted one by one: the sum of what a forged archive claims has no room in 64 bits.
            var rest = read
            for count in [spansOut, replica, identical, joined] + quarantined.values {
                guard count <= rest else { return false }
                rest -= count
            }
            return rest == 0
        }
    }

    /// The traces of the archive, by their shape. A trace counts in each shape that it has.
    public struct Traces: Sendable, Codable, Hashable {
        /// All traces.
        public internal(set) var total = 0
        /// Exactly one root, and every parent there.
        public internal(set) var whole = 0
        /// More than one root.
        public internal(set) var multiRoot = 0
        /// No root.
        public internal(set) var headless = 0
        /// Spans whose end was never recorded.
        public internal(set) var unfinished = 0
        /// Spans whose parent is not in the archive.
        public internal(set) var orphans = 0
        /// Parents that are not in the archive, each counted once however many children it has.
        public internal(set) var missingParents = 0
        /// Identifiers that several spans share although they differ. All of them are kept.
        public internal(set) var sharedIDs = 0

        private enum CodingKeys: String, CodingKey {
            case total, whole, multiRoot, headless, unfinished, orphans, missingParents
            // Foundation's conversion to snake case and back knows no capital abbreviations.
            case sharedIDs = "sharedIds"
        }
    }

    /// What could not be read of the stores.
    public var damages: [Store.Damage] { stores.flatMap(\.damages) }
}

extension MergeReport {
    /// The report as JSON, with sorted keys.
    public func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return Array(try encoder.encode(self))
    }

    init(decoding json: [UInt8]) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(MergeReport.self, from: Data(json))
    }
}
