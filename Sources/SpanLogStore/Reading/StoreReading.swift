import SpanLogFormat

/// One reading of a store: what was read of it, and what is still to be read.
struct StoreReading {
    private let store: Store
    private(set) var damages: [Store.Damage]
    private var recovered: RecoveredBlocks
    private var delivered = DeliveredBlocks()
    private var readPaths: Set<String> = []
    private var uncommitted: [SegmentScan] = []

    typealias Body = (Block, _ value: [UInt8]?, _ file: String) throws -> Void

    init(_ store: Store) {
        self.store = store
        var damages = [StoreDirectory(path: store.path).markerDamage()].compactMap { $0 }
        // What leaves a spool of a living recorder after this is in a segment before that, so these
        // spools come first, and the segments are looked for only then.
        recovered = RecoveredBlocks(store, &damages)
        self.damages = damages
    }

    /// Calls `body` as ``Store/forEachStoredBlock(_:)`` does.
    mutating func forEachBlock(_ body: Body) rethrows {
        try readSegments { delivered, stored, path in
            guard delivered.insert(stored.block) else { return }
            try body(stored.block, stored.value, path)
        }
        try readUncommitted(body)
        for (block, path) in recovered.blocksOfLiving where !delivered.contains(block) {
            try body(block, nil, path)
        }
        for path in recovered.pathsOfDead { try readDead(path, body) }
    }

    /// Reads all segments, and those again that are new if one has gone meanwhile: what a compaction
    /// removes is in a file that it has made before.
    private mutating func readSegments(
        _ body: (inout DeliveredBlocks, SegmentScan.StoredBlock, String) throws -> Void
    ) rethrows {
        var isComplete = false
        while !isComplete {
            isComplete = true
            let paths = (try? StoreDirectory(path: store.path).segmentPaths()) ?? store.segmentPaths
            for path in paths where readPaths.insert(path).inserted {
                let segment = Store.reading(path, &damages) { () throws(StoreError) in
                    try SegmentScan(path)
                }
                guard var segment else {
                    isComplete = false
                    continue
                }
                damages += try segment.forEachBlock { stored in
                    recovered.learn(from: stored.block)
                    try body(&delivered, stored, path)
                }
                if !segment.uncommitted.isEmpty { uncommitted.append(segment) }
            }
        }
    }

    private mutating func readUncommitted(_ body: Body) rethrows {
        for index in uncommitted.indices {
            let path = uncommitted[index].path
            try uncommitted[index].forEachUncommittedBlock { stored in
                guard !delivered.contains(stored.block), delivered.insert(stored.block) else {
                    return
                }
                try body(stored.block, stored.value, path)
            }
        }
    }

    /// Reads the file of a dead recorder, or what a compaction has made of it meanwhile.
    private mutating func readDead(_ path: String, _ body: Body) rethrows {
        let isThere = try recovered.forEachBlock(ofDead: path, &damages) { block in
            if !delivered.contains(block) { try body(block, nil, path) }
        }
        if isThere { return }
        try readSegments { delivered, stored, path in
            guard !delivered.contains(stored.block), delivered.insert(stored.block) else { return }
            try body(stored.block, stored.value, path)
        }
    }
}
