import SpanLogFormat

/// What is in no segment of a store yet: spools, and files of single blocks.
///
/// What a living recorder has is copied at once, since it goes on meanwhile. What the dead have left
/// behind stays as it is, however much that is: it is read when it is asked for, one file at a time.
struct RecoveredBlocks {
    private var spools: [SpoolReader] = []
    private var single: [(Block, file: String)] = []
    /// The files of recorders that are dead.
    private(set) var pathsOfDead: [String] = []
    /// What blocks of segments say of recorders whose spools are among them.
    private var identities: [RecorderID: SpoolReader.Identity] = [:]
    private let spoolNamesOfDead: Set<String>

    init(_ store: Store, _ damages: inout [Store.Damage]) {
        for path in store.spoolPaths {
            guard Store.isRecorderRunning(ofSpool: path) else {
                pathsOfDead.append(path)
                continue
            }
            let spool = Store.reading(path, &damages) { () throws(StoreError) in
                try SpoolReader.open(path)
            }
            guard let spool else { continue }
            damages += spool.damages.named
            spools.append(spool)
        }
        spoolNamesOfDead = Set(pathsOfDead.map(FileSystem.name))
        for path in store.blockPaths {
            guard spools.contains(where: { Self.file(path, isOf: $0.recorderID) }) else {
                pathsOfDead.append(path)
                continue
            }
            let block = Store.reading(path, &damages) { () throws(StoreError) in
                try Block.read(path)
            }
            if let block { single.append((block, path)) }
        }
    }

    private static func file(_ path: String, isOf recorder: RecorderID) -> Bool {
        FileSystem.name(of: path).hasPrefix(recorder.description)
    }

    /// Takes from a block of a segment what a damaged spool of the same recorder cannot tell.
    mutating func learn(from block: Block) {
        let recorder = block.header.recorderID
        for index in spools.indices
        where spools[index].isIdentityLost && spools[index].recorderID == recorder {
            if let identity = SpoolReader.Identity(of: block) { spools[index].adopt(identity) }
        }
        guard identities[recorder] == nil, !spoolNamesOfDead.isEmpty,
            spoolNamesOfDead.contains(StoreDirectory.spoolName(of: recorder))
        else { return }
        identities[recorder] = SpoolReader.Identity(of: block)
    }

    /// The blocks that all of the living recorders' would have become.
    var blocksOfLiving: [(Block, file: String)] {
        spools.flatMap { spool in spool.blocks.map { ($0, spool.path) } } + single
    }

    /// Calls `body` with the blocks of a file that ``pathsOfDead`` names, one in memory at a time.
    ///
    /// - Returns: Whether the file is still there.
    func forEachBlock(
        ofDead path: String, _ damages: inout [Store.Damage], _ body: (Block) throws -> Void
    ) rethrows -> Bool {
        let damageCount = damages.count
        guard path.hasSuffix(".spool") else {
            let block = Store.reading(path, &damages) { () throws(StoreError) in
                try Block.read(path)
            }
            if let block { try body(block) }
            return block != nil || damages.count > damageCount
        }
        let spool = Store.reading(path, &damages) { () throws(StoreError) in
            try SpoolReader.open(path, copiesChunks: false)
        }
        guard var spool else { return damages.count > damageCount }
        if let identity = identities[spool.recorderID] { spool.adopt(identity) }
        try spool.forEachBlock(body)
        damages += spool.damages.named
        return true
    }
}

extension Store {
    /// The recorders that have their spool open at this moment.
    var runningRecorderIDs: [RecorderID] {
        spoolPaths.filter(Self.isRecorderRunning).compactMap { path in
            RecorderID(hexadecimal: String(FileSystem.name(of: path).dropLast(".spool".count)))
        }
    }

    /// Whether somebody holds the lock of a spool.
    static func isRecorderRunning(ofSpool path: String) -> Bool {
        (try? ReadOnlyFile(path))?.isLockedByAnother ?? false
    }
}
