import SpanLogFormat

/// A directory of segments, opened for reading.
public struct Store: Sendable {
    /// The directory.
    public let path: String
    /// The files of its segments, by recorder and number.
    public let segmentPaths: [String]

    /// Opens the store at `path`.
    ///
    /// - Throws: ``StoreError`` if there is none, it cannot be read, or its format is newer.
    public init(_ path: String) throws(StoreError) {
        let directory = try StoreDirectory.openForReading(path)
        self.path = path
        segmentPaths = try directory.segments().map { directory.filePath($0.fileName) }
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

    /// Calls `body` with each sound block and its file, segment by segment in the order of the
    /// sequence numbers.
    ///
    /// - Returns: What could not be read. Sound blocks beside the damage were delivered.
    /// - Throws: What `body` throws.
    /// - Complexity: O(*n*) in the bytes of the store; one block is in memory at a time.
    public func forEachBlock(_ body: (Block, _ file: String) throws -> Void) rethrows -> [Damage] {
        var damages: [Damage] = []
        for path in segmentPaths {
            let segment: SegmentReader
            do {
                segment = try SegmentReader(path)
            } catch {
                damages.append(Damage(file: path, reason: error.message))
                continue
            }
            for location in segment.locations {
                let block: Block
                do {
                    block = try segment.block(at: location)
                } catch {
                    damages.append(Damage(file: path, reason: error.message))
                    continue
                }
                try body(block, path)
            }
        }
        return damages
    }
}
