import FoundationEssentials
public import SpanLogStore

/// What a merge read, and where every record of it went.
public struct MergeReport: Sendable, Codable {
    /// Each store that was read, in the order of the paths.
    public internal(set) var stores: [StoreReport] = []
    /// Each process whose blocks were read, whichever stores they lie in, by its first span.
    public internal(set) var recorders: [Recorder] = []
    /// Where every record went.
    public internal(set) var accounting = Accounting()
    /// What became of the traces.
    public internal(set) var traces = Traces()
    /// Spans whose parent is not in the archive, by what is known of the reason.
    public internal(set) var orphans = Orphans()
    /// The references between spans that are no parents.
    public internal(set) var links = Links()
    /// Services that client spans called, of which there is no span: their stores are missing.
    public internal(set) var missingServices: [MissingService] = []
    /// What tells the archive's content apart: equal for any order of the inputs, any number of
    /// threads, and stores merged at once or one after the other. 32 hexadecimal digits.
    public internal(set) var digest = ""
    /// The bytes of temporary space that the merge took at most.
    public internal(set) var temporaryByteCount: UInt64 = 0
    /// How the clocks of hosts were aligned. The digest does not depend on it.
    public internal(set) var clocks = ClockReport()

    /// Every record that was read ends in exactly one of the other counts.
    public struct Accounting: Sendable, Codable, Hashable {
        /// Records read from sound blocks, and from the archive that was added to.
        public internal(set) var read: UInt64 = 0
        /// Spans in the archive.
        public internal(set) var spansOut: UInt64 = 0
        /// Records that were read already: a store carried twice, or a copy of it.
        public internal(set) var replica: UInt64 = 0
        /// Records with the same bytes as another, from another block.
        public internal(set) var identical: UInt64 = 0
        /// Records of a span of which the same recorder said something else, too: joined into one.
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

        mutating func add(_ other: Accounting) {
            read += other.read
            spansOut += other.spansOut
            replica += other.replica
            identical += other.identical
            joined += other.joined
            quarantined.merge(other.quarantined, uniquingKeysWith: +)
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
        /// Servers' halves of spans whose identifier the client used, too: they got one of their own.
        public internal(set) var sharedSplits = 0
        /// Other spans that got an identifier of their own because two recorders used the same.
        public internal(set) var collisions = 0
        /// Cycles of parents, each cut at one span.
        public internal(set) var cycles = 0
        /// Spans whose trace id of 64 bits was taken for one of 128 bits.
        public internal(set) var tid64Joined = 0
        /// Traces that are stored in several parts.
        public internal(set) var large = 0
        /// Traces of the archive that was added to, and that have grown.
        public internal(set) var reopened = 0

        private enum CodingKeys: String, CodingKey {
            case total, whole, multiRoot, headless, unfinished, orphans, missingParents
            case sharedSplits, collisions, cycles, tid64Joined, large, reopened
            // Foundation's conversion to snake case and back knows no capital abbreviations.
            case sharedIDs = "sharedIds"
        }

        mutating func add(_ other: Traces) {
            for path in Self.counts { self[keyPath: path] += other[keyPath: path] }
        }

        private static var counts: [WritableKeyPath<Traces, Int>] {
            [
                \.total, \.whole, \.multiRoot, \.headless, \.unfinished, \.orphans,
                \.missingParents, \.sharedIDs, \.sharedSplits, \.collisions, \.cycles,
                \.tid64Joined, \.large, \.reopened,
            ]
        }
    }

    /// Orphans by class. Each counts in one.
    public struct Orphans: Sendable, Codable, Hashable {
        /// The orphan's own context is not sampled, so the parent's was not, if samplers go by the parent.
        public internal(set) var notSampled: UInt64 = 0
        /// The parent lives in a process whose store was not given, as far as anything tells.
        public internal(set) var storeNotGiven: UInt64 = 0
        /// A recorder that may have held the parent has lost spans.
        public internal(set) var gapOrDrop: UInt64 = 0
        /// The parent was open when its recorder died, which had no room to note it.
        public internal(set) var unfinished: UInt64 = 0
        /// Nothing explains it.
        public internal(set) var unexplained: UInt64 = 0

        /// No orphans.
        init() {}
    }

    /// Links between spans.
    public struct Links: Sendable, Codable, Hashable {
        /// Links, each once.
        public internal(set) var total: UInt64 = 0
        /// Links to spans that are not in the archive.
        public internal(set) var unresolved: UInt64 = 0
    }

    /// One process whose blocks were read.
    public struct Recorder: Sendable, Codable, Hashable {
        /// The recorder's id, in hexadecimal.
        public let id: String
        /// The boot of its host, in hexadecimal.
        public let bootID: String
        /// The resource's `service.name`, empty if it has none.
        public let service: String
        /// The resource's `host.name`, empty if it has none.
        public let host: String
        /// Whether it was running when its store was read: it may have recorded more since
        /// ``lastSeenNanoseconds``.
        public let isRunning: Bool
        /// The spans in its blocks, each block counted once.
        public let spanCount: UInt64
        /// The spans that were open when it was last alive.
        public let openSpanCount: UInt64
        /// The blocks that were read, each counted once.
        public let blockCount: UInt64
        /// The earliest start of a span, in nanoseconds since 1970.
        public let earliestNanoseconds: UInt64?
        /// The latest end of a span, in nanoseconds since 1970.
        public let latestNanoseconds: UInt64?
        /// Its last sign of life by its own clock: until when the merge knows what it recorded.
        public let lastSeenNanoseconds: UInt64
        /// The blocks that are missing between its first one and the last one read.
        public let missingBlockCount: UInt64
        /// The spans that it could not keep, as far as its blocks tell.
        public let droppedSpanCount: UInt64
        /// The spans that it had no room to note while they were open.
        public let unnotedSpanCount: UInt64
        /// The blocks that were read, in runs without a gap.
        public let runs: [Run]

        /// Blocks in a row.
        public struct Run: Sendable, Codable, Hashable {
            /// The first sequence number.
            public let first: UInt64
            /// The last sequence number.
            public let last: UInt64
            /// The recorder's wall clock when the first was sealed.
            public let firstSealedNanoseconds: UInt64
            /// The recorder's wall clock when the last was sealed.
            public let lastSealedNanoseconds: UInt64
        }

        private enum CodingKeys: String, CodingKey {
            case id, service, host, isRunning, spanCount, openSpanCount, blockCount
            case earliestNanoseconds, latestNanoseconds, lastSeenNanoseconds, missingBlockCount
            case droppedSpanCount, unnotedSpanCount, runs
            case bootID = "bootId"
        }
    }

    /// A service that was called and of which there is no span.
    public struct MissingService: Sendable, Codable, Hashable {
        /// Its name, or the address that it was called under.
        public let name: String
        /// The calls.
        public let callCount: UInt64
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
