import SpanLogFormat

/// Everything intact in a segment's file, whatever its tree says.
///
/// First come the blocks that the tree leads to. What is then left of the file is carved: of a sound
/// segment that is a handful of pages, of one whose tree is lost all of it.
struct SegmentScan {
    var path: String { file.path }
    private let file: ReadOnlyFile
    private let tree: SegmentTree
    /// The file's size at the beginning: what a writer appends later belongs to a later state.
    private let byteCount: UInt64
    /// Whether the recorder may be writing into the file.
    private let isLive: Bool
    private var damages: FileDamages
    /// Where blocks are that were delivered.
    private var soundRanges: [Range<UInt64>] = []
    /// Where the tree leads to something else than the block.
    private var damagedOffsets: Set<UInt64> = []
    /// Blocks that a sound tree does not lead to.
    private(set) var uncommitted: [SegmentReader.Location] = []
    /// The greatest number of a block of each recorder that the tree leads to.
    private var lastSequences: [RecorderID: UInt64] = [:]

    /// A block and the value that it is stored as.
    struct StoredBlock {
        let block: Block
        let value: [UInt8]
    }

    /// - Parameter attemptMax: How often the tree of a file that is being written is read.
    /// - Throws: ``StoreError`` if the file cannot be opened.
    init(_ path: String, attemptMax: Int = 100) throws(StoreError) {
        do {
            // One that dies meanwhile has written what it was about to write, or it has not.
            isLive = Self.isLive(path)
            file = try ReadOnlyFile(path)
            // What is committed by now lies within this size.
            let byteCount = try file.byteCount()
            // The empty file is of a recorder that was about to write its first block.
            tree = SegmentTree(file, attemptMax: byteCount == 0 ? 0 : attemptMax)
            self.byteCount = byteCount == 0 ? 0 : max(byteCount, try file.byteCount())
        } catch {
            throw StoreDirectory.openError(path, error)
        }
        damages = tree.damages
    }

    /// Calls `body` with each intact block: those that the tree leads to in the order of their
    /// numbers, and then, if anything is damaged, all others in the order of theirs.
    ///
    /// - Returns: What cannot be read.
    /// - Throws: What `body` throws.
    /// - Complexity: O(*n*) in the bytes of the file. One block is in memory at a time, besides the
    ///   places of all.
    mutating func forEachBlock(_ body: (StoredBlock) throws -> Void) rethrows -> [Store.Damage] {
        for location in tree.locations {
            try deliver(location, holdsOpenSpans: false, body)
        }
        for location in tree.openSpanLocations {
            try deliver(location, holdsOpenSpans: true, body)
        }
        let carved = carved().map(SegmentReader.Location.init)
        if damages.isEmpty, tree.isSettled {
            uncommitted = carved
        } else {
            for location in carved { try deliverCarved(location, body) }
        }
        return damages.named
    }

    /// Calls `body` with each block that a sound tree does not lead to. None was committed, or a meta
    /// page was set back; one that could not be committed was sealed again, and is elsewhere as well.
    mutating func forEachUncommittedBlock(_ body: (StoredBlock) throws -> Void) rethrows {
        for location in uncommitted { try deliverCarved(location, body) }
    }

    private mutating func deliverCarved(
        _ location: SegmentReader.Location, _ body: (StoredBlock) throws -> Void
    ) rethrows {
        let holdsOpenSpans = location.sequence == Self.openSpansSequence
        if let block = read(location, holdsOpenSpans: holdsOpenSpans) { try body(block) }
    }

    private mutating func deliver(
        _ location: SegmentReader.Location, holdsOpenSpans: Bool,
        _ body: (StoredBlock) throws -> Void
    ) rethrows {
        guard let block = read(location, holdsOpenSpans: holdsOpenSpans) else { return }
        soundRanges.append(location.offset..<location.offset + block.block.storedByteCount)
        if !holdsOpenSpans {
            let recorder = block.block.header.recorderID
            lastSequences[recorder] = max(lastSequences[recorder] ?? 0, location.sequence)
        }
        try body(block)
    }

    private mutating func read(
        _ location: SegmentReader.Location, holdsOpenSpans: Bool
    ) -> StoredBlock? {
        do {
            let value = try file.bytes(at: location.offset, count: location.byteCount)
            let block = try Block(
                checking: value, key: location.key, holdsOpenSpans: holdsOpenSpans)
            return StoredBlock(block: block, value: value)
        } catch {
            damagedOffsets.insert(location.offset)
            // The tree may have changed while it was read: the block is somewhere else.
            guard tree.isSettled else { return nil }
            add("\(error)", at: location)
            return nil
        }
    }

    private mutating func add(_ reason: String, at location: SegmentReader.Location) {
        damages.add(
            "\(file.path), block \(location.sequence) at byte \(location.offset): \(reason).",
            at: location.offset, recorder: location.recorderID, sequence: location.sequence)
    }

    /// Blocks of open spans have a number that means nothing else.
    private static let openSpansSequence = UInt64.max
}

// MARK: Carving

extension SegmentScan {
    /// The blocks that the tree does not lead to, in the order of their numbers.
    private mutating func carved() -> [BlockCarver.Candidate] {
        guard byteCount > 0 else { return [] }
        var carver = BlockCarver(
            file, byteCount: byteCount, pageByteCount: tree.pageByteCount)
        var found: [BlockCarver.Candidate] = []
        var damaged: [(BlockCarver.Candidate, reason: String)] = []
        carver.carve(outside: soundRanges) { finding in
            switch finding {
            case .block(let candidate): found.append(candidate)
            case .damaged(let candidate, let reason):
                if damaged.count < FileDamages.countMax { damaged.append((candidate, reason)) }
            }
        }
        found.sort { BlockName($0.header) < BlockName($1.header) }
        // What a commit that never came has left is no damage.
        guard !damages.isEmpty else { return isLive ? withoutGap(found) : found }
        for (candidate, reason) in damaged where !damagedOffsets.contains(candidate.offset) {
            add(reason, at: SegmentReader.Location(candidate))
        }
        return found
    }

    /// Of blocks that a sound tree does not lead to, those that leave no gap.
    ///
    /// A recorder that lives may be about to commit some: of these, a later one may be in the file
    /// already and an earlier one not, which must not look like a loss.
    private func withoutGap(_ found: [BlockCarver.Candidate]) -> [BlockCarver.Candidate] {
        var next = lastSequences.mapValues { $0 &+ 1 }
        return found.filter { candidate in
            let (recorder, sequence) = (candidate.header.recorderID, candidate.header.sequence)
            let expected = next[recorder] ?? sequence
            next[recorder] = sequence == expected ? expected &+ 1 : expected
            return sequence <= expected
        }
    }

    /// Whether the recorder of a segment holds the lock of its spool. Nobody writes into segments of
    /// other names.
    private static func isLive(_ path: String) -> Bool {
        guard let name = StoreDirectory.SegmentName(fileName: FileSystem.name(of: path)) else {
            return false
        }
        let directory = StoreDirectory(path: FileSystem.parent(of: path))
        let spool = directory.filePath(StoreDirectory.spoolName(of: name.recorderID))
        return (try? ReadOnlyFile(spool))?.isLockedByAnother ?? false
    }
}

extension SegmentReader.Location {
    fileprivate init(_ candidate: BlockCarver.Candidate) {
        self.init(
            recorderID: candidate.header.recorderID, sequence: candidate.header.sequence,
            offset: candidate.offset, byteCount: Int(candidate.end - candidate.offset))
    }
}
