import SpanLogFormat

/// What a store holds, as `spanlog info` and `spanlog verify` tell it.
public struct StoreReport: Sendable, Codable {
    /// The store's directory.
    public let path: String
    /// The bytes of its files.
    public private(set) var byteCount: UInt64 = 0
    /// Each process that wrote into the store, by the time of its first span.
    public private(set) var recorders: [RecorderReport] = []
    /// What could not be read. Empty for a sound store.
    public private(set) var damages: [Store.Damage] = []

    /// Reads the whole store and checks every checksum.
    ///
    /// - Complexity: O(*n*) in the bytes of the store.
    public init(_ store: Store) {
        self.init(store) { _ in }
    }

    /// As ``init(_:)``, and calls `body` with each sound block on the way.
    package init(_ store: Store, _ body: (Block) -> Void) {
        path = store.path
        for path in store.segmentPaths + store.spoolPaths + store.blockPaths {
            byteCount += (try? ReadOnlyFile(path).byteCount()) ?? 0
        }
        var recorders: [RecorderID: RecorderReport] = [:]
        damages = store.forEachBlock { block, file in
            let id = block.header.recorderID
            recorders[id, default: RecorderReport(block)].add(block, file: file)
            body(block)
        }
        self.recorders = recorders.values.sorted {
            ($0.earliestNanoseconds ?? .max, $0.id) < ($1.earliestNanoseconds ?? .max, $1.id)
        }
        for index in self.recorders.indices { damages += self.recorders[index].close() }
    }

    /// Whether every block is there and as it was written.
    public var isSound: Bool { damages.isEmpty }
}

/// What one recorder wrote into a store.
public struct RecorderReport: Sendable, Codable {
    /// The recorder's id, in hexadecimal.
    public let id: String
    /// The boot of the host that the recorder ran on, in hexadecimal.
    public let bootID: String
    /// The resource's `service.name`, empty if it has none.
    public let service: String
    /// The resource's `host.name`, empty if it has none.
    public let host: String
    /// The resource's `process.pid`, if it has one.
    public let processID: Int64?
    /// The number of segments that hold blocks.
    public private(set) var segmentCount = 0
    /// The number of blocks, each counted once however often it is there.
    public private(set) var blockCount = 0
    /// The number of spans in these blocks.
    public private(set) var spanCount: UInt64 = 0
    /// The earliest start of a span, in nanoseconds since 1970.
    public private(set) var earliestNanoseconds: UInt64?
    /// The latest end of a span, in nanoseconds since 1970.
    public private(set) var latestNanoseconds: UInt64?
    /// The number of spans that were open when the recorder was last alive, and are now if it is.
    public private(set) var openSpanCount: UInt64 = 0
    /// Blocks that are missing between the first and the last.
    public private(set) var gaps: [Gap] = []
    /// Spans that the recorder could not keep, by reason, as far as its blocks tell.
    public private(set) var drops = Drops()

    private var sequences: Set<UInt64> = []
    private var files: Set<String> = []

    private enum CodingKeys: String, CodingKey {
        case id, service, host, segmentCount, blockCount, spanCount, openSpanCount
        case earliestNanoseconds, latestNanoseconds, gaps, drops
        // Foundation's conversion to snake case and back knows no capital abbreviations.
        case bootID = "bootId"
        case processID = "processId"
    }

    /// A run of missing blocks.
    public struct Gap: Hashable, Sendable, Codable {
        /// The first missing sequence number.
        public let first: UInt64
        /// The last missing sequence number.
        public let last: UInt64
    }

    /// ``SpanLogFormat/DropCounters``, as they are printed.
    public struct Drops: Hashable, Sendable, Codable {
        /// Spans that ended while the recorder's memory was full.
        public var bufferFull: UInt64 = 0
        /// Spans that never reached the disk because writing failed.
        public var writeFailed: UInt64 = 0
        /// Spans larger than the recorder's limit.
        public var tooLarge: UInt64 = 0
        /// Spans that ended after the recorder had shut down.
        public var afterShutdown: UInt64 = 0
        /// Spans that found no room in the table of open spans. They are not lost, but those that
        /// were open when their process died are not there as unfinished.
        public var openTableFull: UInt64 = 0
        /// Spans that are there without attributes, events and message, because their redaction
        /// failed.
        public var redactionFailed: UInt64 = 0

        /// The number of spans lost, whatever the reason. Forged counters wrap around.
        public var total: UInt64 { bufferFull &+ writeFailed &+ tooLarge &+ afterShutdown }
    }
}

extension RecorderReport {
    fileprivate init(_ block: Block) {
        id = block.header.recorderID.description
        bootID = Hexadecimal.string(block.header.anchor.bootID)
        let resource = (try? TracesData.firstResource(in: block.bytes, block.payload)) ?? nil
        service = resource?.serviceName ?? ""
        host = resource?.attributes.text(for: "host.name") ?? ""
        if case .int(let number) = resource?.attributes.value(for: "process.pid") {
            processID = number
        } else {
            processID = nil
        }
    }

    fileprivate mutating func add(_ block: Block, file: String) {
        let header = block.header
        add(header.drops)
        if block.holdsOpenSpans { openSpanCount += UInt64(header.spanCount) }
        guard !block.holdsOpenSpans, sequences.insert(header.sequence).inserted else { return }
        blockCount += 1
        if files.insert(file).inserted, file.hasSuffix(".mdb") { segmentCount += 1 }
        spanCount += UInt64(header.spanCount)
        if header.spanCount > 0 {
            earliestNanoseconds = min(earliestNanoseconds ?? .max, header.earliestNanoseconds)
            latestNanoseconds = max(latestNanoseconds ?? 0, header.latestNanoseconds)
        }
    }

    /// Counters only grow, so the greatest are the newest, in whatever order blocks come.
    private mutating func add(_ counters: DropCounters) {
        drops.bufferFull = max(drops.bufferFull, counters.bufferFull)
        drops.writeFailed = max(drops.writeFailed, counters.writeFailed)
        drops.tooLarge = max(drops.tooLarge, counters.tooLarge)
        drops.afterShutdown = max(drops.afterShutdown, counters.afterShutdown)
        drops.openTableFull = max(drops.openTableFull, counters.openTableFull)
        drops.redactionFailed = max(drops.redactionFailed, counters.redactionFailed)
    }

    /// Finds the gaps, once all blocks are known.
    ///
    /// - Returns: Each gap as damage.
    fileprivate mutating func close() -> [Store.Damage] {
        var next: UInt64 = 0
        for sequence in sequences.sorted() {
            if sequence > next { gaps.append(Gap(first: next, last: sequence - 1)) }
            next = sequence &+ 1
        }
        return gaps.map { gap in
            Store.Damage(
                file: files.min() ?? "",
                reason: "blocks \(gap.first) to \(gap.last) of recorder \(id) are missing")
        }
    }
}
