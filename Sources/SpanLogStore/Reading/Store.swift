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

    /// Whether there is a file at `path`, as an archive is, and no directory.
    public static func isFile(_ path: String) -> Bool {
        ((try? FileSystem.kind(of: path)) ?? nil) == .file
    }

    /// The stores at and below `path`: a store's directory itself, or those in it at any depth.
    ///
    /// - Throws: ``StoreError`` if there is not one, or a directory cannot be read.
    public static func find(at path: String) throws(StoreError) -> [Store] {
        if isFile(path) { throw StoreDirectory.fileError(path) }
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
        var waiting = [(path, depth: 0)]
        while let (path, depth) = waiting.popLast() {
            guard depth <= depthMax, visited.count < directoryCountMax else {
                throw tooManyDirectories(path)
            }
            let directory = StoreDirectory(path: path)
            guard visited.insert(try directory.identity()).inserted else { continue }
            if try directory.isStore() {
                found.append(path)
                continue
            }
            for name in try directory.entries() {
                let below = directory.filePath(name)
                if (try? FileSystem.kind(of: below)) == .directory {
                    waiting.append((below, depth + 1))
                }
            }
        }
        return found.sorted()
    }

    private static func tooManyDirectories(_ path: String) -> StoreError {
        StoreError(
            .readFailed,
            "The search for stores has come to \(path), \(depthMax) directories deep or after "
                + "\(directoryCountMax) of them: name the stores themselves.")
    }

    /// How deep below the path that was named stores are looked for, and in how many directories.
    static let depthMax = 64
    private static let directoryCountMax = 1_000_000
}

extension Store {
    /// Calls `body` with each sound block and its file: segment by segment in the order of the
    /// sequence numbers, and then what was still in a spool when its recorder died, or is there now.
    ///
    /// Each span is delivered once, whatever died when: a chunk of a spool is left out if the block
    /// that it was to become is in a segment, and a block that a compaction has copied counts once.
    ///
    /// Of a damaged file every block is delivered that is whole and has the right checksum, whether
    /// anything still leads to it or not; those that nothing leads to come last of their file.
    ///
    /// - Returns: What could not be read. Sound blocks beside the damage were delivered.
    /// - Throws: What `body` throws.
    /// - Complexity: O(*n*) in the bytes of the store; one block is in memory at a time, besides
    ///   the spools of living recorders and the places of all blocks.
    public func forEachBlock(_ body: (Block, _ file: String) throws -> Void) rethrows -> [Damage] {
        try forEachStoredBlock { block, _, file in try body(block, file) }
    }

    /// As ``forEachBlock(_:)``, and with the value that the block is stored as, which is `nil` for
    /// what is in no block yet.
    func forEachStoredBlock(
        _ body: (Block, _ value: [UInt8]?, _ file: String) throws -> Void
    ) rethrows -> [Damage] {
        var reading = StoreReading(self)
        try reading.forEachBlock(body)
        return reading.damages
    }

    /// The sizes and times of the files, as they were when the store was opened.
    var files: [FileSystem.Status] {
        (segmentPaths + spoolPaths + blockPaths).compactMap {
            (try? FileSystem.status(of: $0)) ?? nil
        }
    }

    /// What `body` reads; `nil` if it cannot, or the recorder has removed the file meanwhile.
    static func reading<Result>(
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
