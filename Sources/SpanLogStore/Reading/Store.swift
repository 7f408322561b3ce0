import SpanLogFormat

/// A directory of segments, opened for reading.
public struct Store: Sendable {
    /// The directory.
    public let path: String
    /// The files of its segments, by recorder and number, the compacted ones last.
    public let segmentPaths: [String]
    /// The files of its spools: of recorders that are alive, or that died.
    public let spoolPaths: [String]
    /// The files of single blocks that were in no segment yet.
    public let blockPaths: [String]

    /// Opens the store at `path`.
    ///
    /// - Throws: ``StoreError`` if there is none, it cannot be read, or its format is newer.
    public init(_ path: String) throws(StoreError) {
        let directory = try StoreDirectory.openForReading(path)
        self.path = path
        segmentPaths = try directory.segmentPaths()
        spoolPaths = try directory.files(ending: ".spool")
        blockPaths = try directory.files(ending: ".block")
    }

    /// The stores at and below `path`: a store's directory itself, or those in it at any depth.
    ///
    /// - Throws: ``StoreError`` if there is not one, or a directory cannot be read.
    public static func find(at path: String) throws(StoreError) -> [Store] {
        let paths = try storePaths(at: path)
        guard !paths.isEmpty else { return [try Store(path)] }
        var stores: [Store] = []
        for path in paths { stores.append(try Store(path)) }
        return stores
    }

    private static func storePaths(at path: String) throws(StoreError) -> [String] {
        var found: [String] = []
        // Links may lead back to where the search has been.
        var visited: Set<FileSystem.Identity> = []
        var waiting = [path]
        while let path = waiting.popLast() {
            let directory = StoreDirectory(path: path)
            guard visited.insert(try directory.identity()).inserted else { continue }
            if try directory.isStore() {
                found.append(path)
                continue
            }
            for name in try directory.entries() {
                let below = directory.filePath(name)
                if (try? FileSystem.kind(of: below)) == .directory { waiting.append(below) }
            }
        }
        return found.sorted()
    }
}

extension Store {
    /// Something in a store that cannot be read as it was written.
    public struct Damage: Hashable, Sendable, Codable {
        /// The segment's file.
        public let file: String
        /// The place in it and what is wrong there.
        public let reason: String
    }

    /// Calls `body` with each sound block and its file: segment by segment in the order of the
    /// sequence numbers, and then what was still in a spool when its recorder died, or is there now.
    ///
    /// Each span is delivered once, whatever died when: a chunk of a spool is left out if the block
    /// that it was to become is in a segment, and a block that a compaction has copied counts once.
    ///
    /// - Returns: What could not be read. Sound blocks beside the damage were delivered.
    /// - Throws: What `body` throws.
    /// - Complexity: O(*n*) in the bytes of the store; one block is in memory at a time, and the
    ///   spools.
    public func forEachBlock(_ body: (Block, _ file: String) throws -> Void) rethrows -> [Damage] {
        var damages: [Damage] = []
        // What leaves a spool of a living recorder after this is in a segment before that, so the
        // spools come first, and the segments are looked for only then.
        let recovered = recoveredBlocks(&damages)
        var delivered = DeliveredBlocks()
        var read: Set<String> = []
        // What a compaction removes meanwhile is in a file that it has made before: one that is not
        // there any more is a reason to look again.
        var isComplete = false
        while !isComplete {
            isComplete = true
            for path in (try? StoreDirectory(path: path).segmentPaths()) ?? segmentPaths
            where read.insert(path).inserted {
                let segment = Self.reading(path, &damages) { () throws(StoreError) in
                    try SegmentReader(path)
                }
                if let segment {
                    try deliver(segment, &delivered, &damages, body)
                } else {
                    isComplete = false
                }
            }
        }
        for (block, path) in recovered where !delivered.contains(block) { try body(block, path) }
        return damages
    }

    private func deliver(
        _ segment: SegmentReader, _ delivered: inout DeliveredBlocks, _ damages: inout [Damage],
        _ body: (Block, _ file: String) throws -> Void
    ) rethrows {
        for location in segment.locations {
            let block = Self.reading(segment.path, &damages) { () throws(StoreError) in
                try segment.block(at: location)
            }
            if let block, delivered.insert(block) { try body(block, segment.path) }
        }
        for location in segment.openSpanLocations {
            let block = Self.reading(segment.path, &damages) { () throws(StoreError) in
                try segment.openSpans(at: location)
            }
            if let block, delivered.insert(block) { try body(block, segment.path) }
        }
    }

    /// What is in spools and in files of single blocks.
    private func recoveredBlocks(_ damages: inout [Damage]) -> [(Block, file: String)] {
        var blocks: [(Block, file: String)] = []
        for path in spoolPaths {
            let spool = Self.reading(path, &damages) { () throws(StoreError) in
                try SpoolReader.open(path)
            }
            damages += (spool?.damages ?? []).map { Damage(file: path, reason: $0) }
            blocks += (spool?.blocks ?? []).map { ($0, path) }
        }
        for path in blockPaths {
            let block = Self.reading(path, &damages) { () throws(StoreError) in
                try Block.read(path)
            }
            if let block { blocks.append((block, path)) }
        }
        return blocks
    }

    /// What `body` reads; `nil` if it cannot, or the recorder has removed the file meanwhile.
    private static func reading<Result>(
        _ path: String, _ damages: inout [Damage], _ body: () throws(StoreError) -> Result
    ) -> Result? {
        do {
            return try body()
        } catch {
            if error.code != .notFound {
                damages.append(Damage(file: path, reason: error.message))
            }
            return nil
        }
    }
}

/// Which blocks of a store have been delivered.
private struct DeliveredBlocks {
    private var checksums: [BlockName: UInt64?] = [:]
    private var recordersWithOpenSpans: Set<RecorderID> = []

    /// Whether a block of this name has been delivered.
    func contains(_ block: Block) -> Bool {
        block.holdsOpenSpans
            ? recordersWithOpenSpans.contains(block.header.recorderID)
            : checksums[BlockName(block.header)] != nil
    }

    /// - Returns: Whether the block is to be delivered. One of the same name with other bytes is:
    ///   it may be of a machine that was set back while its recorder was running.
    mutating func insert(_ block: Block) -> Bool {
        if block.holdsOpenSpans {
            return recordersWithOpenSpans.insert(block.header.recorderID).inserted
        }
        let name = BlockName(block.header)
        guard let known = checksums[name] else {
            checksums[name] = block.storedChecksum
            return true
        }
        return known != block.storedChecksum
    }
}
