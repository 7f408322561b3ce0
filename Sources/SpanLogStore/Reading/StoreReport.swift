import SpanLogFormat

/// What a store holds, as `spanlog info` and `spanlog verify` tell it.
public struct StoreReport: Sendable, Codable {
    /// The store's directory.
    public let path: String
    /// The bytes of its files.
    public private(set) var byteCount: UInt64 = 0
    /// Each process that wrote into the store, by the time of its first span.
    public private(set) var recorders: [RecorderReport] = []
    /// What retention has removed, of these and of other recorders: known gaps, and no damage.
    public private(set) var removed = Removed()
    /// What could not be read. Empty for a sound store.
    public private(set) var damages: [Store.Damage] = []

    /// Reads the whole store and checks every checksum.
    ///
    /// - Complexity: O(*n*) in the bytes of the store.
    public init(_ store: Store) {
        self.init(store) { _ in }
    }

    /// As ``init(_:)``, and calls `body` with each sound block on the way.
    package init(_ store: Store, _ body: (Block) throws -> Void) rethrows {
        try self.init(store) { block, _, _ in try body(block) }
    }

    /// As ``init(_:)``, and calls `body` as ``Store/forEachStoredBlock(_:)`` does.
    package init(
        _ store: Store, _ body: (Block, _ value: [UInt8]?, _ file: String) throws -> Void
    ) rethrows {
        path = store.path
        byteCount = store.files.reduce(0) { $0 + $1.byteCount }
        // One that dies from now on has been read as it was while it was running.
        let running = Set(store.runningRecorderIDs)
        var recorders: [RecorderID: RecorderReport] = [:]
        damages = try store.forEachStoredBlock { block, value, file in
            let id = block.header.recorderID
            recorders[id, default: RecorderReport(block)].add(block, file: file)
            try body(block, value, file)
        }
        self.recorders = Self.sorted(recorders)
        for index in self.recorders.indices { self.recorders[index].findWriter(in: running) }
        // What is removed while the blocks are read is recorded before.
        let removals = readRemovals(store)
        for index in self.recorders.indices { damages += self.recorders[index].close(removals) }
        removed = total(removals)
    }

    /// The same of the blocks of an archive, which calls `body` with each, and with what it is stored as
    /// if it is stored as it is.
    ///
    /// That a sequence number is missing is no damage: an archive keeps no block without spans, and what
    /// the stores did not have it does not have.
    init(
        _ archive: inout ArchiveScan,
        _ body: (Block, _ value: [UInt8]?) throws -> Void
    ) rethrows {
        path = archive.path
        byteCount = archive.byteCount
        var recorders: [RecorderID: RecorderReport] = [:]
        var delivered = DeliveredBlocks()
        damages = try archive.forEachBlock { block, value in
            guard delivered.insert(block) else { return }
            let id = block.header.recorderID
            recorders[id, default: RecorderReport(block)].add(block, file: path)
            try body(block, value)
        }
        self.recorders = Self.sorted(recorders)
    }

    private static func sorted(_ recorders: [RecorderID: RecorderReport]) -> [RecorderReport] {
        recorders.values.sorted {
            ($0.earliestNanoseconds ?? .max, $0.id) < ($1.earliestNanoseconds ?? .max, $1.id)
        }
    }

    /// Adds what somebody else could not take.
    mutating func add(_ damages: [Store.Damage]) {
        self.damages += damages
    }

    private mutating func readRemovals(_ store: Store) -> StoreRemovals {
        do {
            return try StoreRemovals(StoreDirectory(path: store.path))
        } catch {
            damages.append(
                Store.Damage(
                    file: "\(store.path)/\(StoreRemovals.fileName)", reason: error.message))
            return StoreRemovals()
        }
    }

    private func total(_ removals: StoreRemovals) -> Removed {
        var removed = Removed()
        for recorder in recorders { removed.add(recorder.removed) }
        let known = Set(recorders.map(\.id))
        var drops: [RecorderID: DropCounters] = [:]
        for entry in removals.entries where !known.contains(entry.recorderID.description) {
            removed.add(Removed(entry))
            drops[entry.recorderID, default: DropCounters()].raise(to: entry.drops)
        }
        removed.drops = RecorderReport.Drops(drops.values.reduce(DropCounters(), +))
        return removed
    }

    /// Whether every block is there and as it was written.
    public var isSound: Bool { damages.isEmpty }
}

extension StoreReport {
    /// What retention has removed: whole files, the oldest first.
    public struct Removed: Hashable, Sendable, Codable {
        /// The number of blocks.
        public internal(set) var blockCount: UInt64 = 0
        /// The number of spans in these blocks.
        public internal(set) var spanCount: UInt64 = 0
        /// The number of spans that were open when their recorder died.
        public internal(set) var openSpanCount: UInt64 = 0
        /// The earliest start of a span, in nanoseconds since 1970.
        public internal(set) var earliestNanoseconds: UInt64?
        /// The latest end of a span, in nanoseconds since 1970.
        public internal(set) var latestNanoseconds: UInt64?
        /// What recorders could not keep of which nothing else is left.
        public internal(set) var drops = RecorderReport.Drops()

        /// Nothing.
        public init() {}

        /// Whether nothing has been removed.
        public var isEmpty: Bool {
            blockCount == 0 && openSpanCount == 0 && drops == RecorderReport.Drops()
        }

        init(_ entry: StoreRemovals.Entry) {
            blockCount = entry.blockCount
            spanCount = entry.spanCount
            openSpanCount = entry.openSpanCount
            guard entry.earliestNanoseconds < .max else { return }
            earliestNanoseconds = entry.earliestNanoseconds
            latestNanoseconds = entry.latestNanoseconds
        }

        /// Forged numbers wrap around.
        mutating func add(_ other: Removed) {
            blockCount &+= other.blockCount
            spanCount &+= other.spanCount
            openSpanCount &+= other.openSpanCount
            if let earliest = other.earliestNanoseconds {
                earliestNanoseconds = min(earliestNanoseconds ?? .max, earliest)
            }
            if let latest = other.latestNanoseconds {
                latestNanoseconds = max(latestNanoseconds ?? 0, latest)
            }
        }
    }
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
    /// Whether the recorder was running when its store was read: it may have recorded more since.
    public fileprivate(set) var isRunning = false
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
    /// What retention has removed of it: known gaps.
    public private(set) var removed = StoreReport.Removed()
    /// Blocks that are missing between the first and the last, and nobody knows why.
    public private(set) var gaps: [Gap] = []
    /// Spans that the recorder could not keep, by reason, as far as its blocks tell.
    public private(set) var drops = Drops()

    private var counters = DropCounters() {
        didSet { drops = Drops(counters) }
    }
    /// The number of spans of each block.
    private var sequences: [UInt64: UInt32] = [:]
    private var files: Set<String> = []

    private enum CodingKeys: String, CodingKey {
        case id, service, host, isRunning, segmentCount, blockCount, spanCount, openSpanCount
        case earliestNanoseconds, latestNanoseconds, removed, gaps, drops
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
        counters.raise(to: header.drops)
        if block.holdsOpenSpans { openSpanCount += UInt64(header.spanCount) }
        guard !block.holdsOpenSpans, sequences[header.sequence] == nil else { return }
        sequences[header.sequence] = header.spanCount
        blockCount += 1
        if files.insert(file).inserted, file.hasSuffix(".mdb") { segmentCount += 1 }
        spanCount += UInt64(header.spanCount)
        if header.spanCount > 0 {
            earliestNanoseconds = min(earliestNanoseconds ?? .max, header.earliestNanoseconds)
            latestNanoseconds = max(latestNanoseconds ?? 0, header.latestNanoseconds)
        }
    }

    /// Looks whether the recorder runs, or who writes on its behalf: a segment bears the writer's name.
    fileprivate mutating func findWriter(in running: Set<RecorderID>) {
        guard !running.isEmpty else { return }
        let writers = files.compactMap { file in
            StoreDirectory.SegmentName(fileName: FileSystem.name(of: file))?.recorderID
        }
        isRunning =
            RecorderID(hexadecimal: id).map(running.contains) ?? false
            || writers.contains(where: running.contains)
    }

    /// Finds the gaps, once all blocks are known.
    ///
    /// - Returns: Each gap that retention does not explain, as damage.
    fileprivate mutating func close(_ removals: StoreRemovals) -> [Store.Damage] {
        let known = removals.entries.isEmpty ? [] : Array(removals.entries(ofHexadecimal: id))
        for entry in known { take(entry) }
        var next: UInt64 = 0
        for sequence in sequences.keys.sorted() {
            if sequence > next { addGaps(first: next, last: sequence - 1, known) }
            next = sequence &+ 1
        }
        return gaps.map { gap in
            Store.Damage(
                file: files.min() ?? "", recorder: id, sequence: gap.first,
                reason: "blocks \(gap.first) to \(gap.last) of recorder \(id) are missing")
        }
    }

    /// Counts what retention removed and is not there in spite of it.
    private mutating func take(_ entry: StoreRemovals.Entry) {
        counters.raise(to: entry.drops)
        var rest = StoreReport.Removed(entry)
        if entry.holdsOpenSpans, openSpanCount > 0 { return }
        for (sequence, spanCount) in sequences
        where entry.first <= sequence && sequence < entry.end {
            rest.blockCount &-= 1
            rest.spanCount &-= min(UInt64(spanCount), rest.spanCount)
        }
        if !rest.isEmpty { removed.add(rest) }
    }

    private mutating func addGaps(first: UInt64, last: UInt64, _ known: [StoreRemovals.Entry]) {
        var next = first
        for entry in known where entry.blockCount > 0 && entry.end > next && entry.first <= last {
            if entry.first > next { gaps.append(Gap(first: next, last: entry.first - 1)) }
            guard entry.end <= last else { return }
            next = entry.end
        }
        gaps.append(Gap(first: next, last: last))
    }
}

extension RecorderReport.Drops {
    init(_ counters: DropCounters) {
        bufferFull = counters.bufferFull
        writeFailed = counters.writeFailed
        tooLarge = counters.tooLarge
        afterShutdown = counters.afterShutdown
        openTableFull = counters.openTableFull
        redactionFailed = counters.redactionFailed
    }
}

extension StoreRemovals {
    fileprivate func entries(ofHexadecimal text: String) -> ArraySlice<Entry> {
        RecorderID(hexadecimal: text).map(entries(of:)) ?? []
    }
}
