import SpanLogFormat

/// Every intact block of an archive, whatever its tree says.
///
/// As in ``SegmentScan``, those come first that the tree leads to, and what is then left of the file is
/// carved. Nobody adds to an archive that is there, so a block that the tree does not lead to is damage.
struct ArchiveScan {
    var path: String { file.path }
    let byteCount: UInt64
    private let file: ReadOnlyFile
    private var pageByteCount: Int?
    /// Where the tree says that blocks are, in the order of their numbers.
    private var locations: [Location] = []
    private var unclaimedByteCount: UInt64
    private(set) var damages: FileDamages
    /// Where blocks are that were read.
    private var soundRanges: [Range<UInt64>] = []
    /// Where the tree leads to something else than a block.
    private var damagedOffsets: Set<UInt64> = []
    private var openSpans: [RecorderID: [Location]] = [:]
    /// The blocks that the numbers of others, or the tree, say were there, and of which none was read.
    private(set) var lostBlockCount: UInt64 = 0

    /// Where a block is, and its number if the tree says so.
    private struct Location {
        let number: UInt64?
        let offset: UInt64
        let byteCount: Int
    }

    /// Opens the archive and reads its tree.
    ///
    /// - Throws: ``StoreError`` if there is none, or nothing tells that it is one.
    init(_ path: String) throws(StoreError) {
        do {
            file = try ReadOnlyFile(path)
            byteCount = try file.byteCount()
        } catch {
            throw StoreDirectory.openError(path, error)
        }
        guard ArchiveFile.isArchive(file) else {
            throw StoreError(.notFound, ArchiveFile.neither(path))
        }
        unclaimedByteCount = byteCount
        damages = FileDamages(path: path)
        readTree()
    }

    /// Calls `body` with each intact block, and with one of each recorder's open spans, last.
    ///
    /// An archive may hold several blocks of a recorder's open spans, one for each time that it was
    /// merged while it ran. A store has room for one, which holds the spans of all.
    ///
    /// - Throws: What `body` throws.
    /// - Complexity: O(*n*) in the bytes of the file. One block is in memory at a time, or those of one
    ///   recorder's open spans, besides the places of all.
    mutating func forEachBlock(
        _ body: (Block, _ value: [UInt8]?) throws -> Void
    ) rethrows -> [Store.Damage] {
        for location in locations { try deliver(location, body) }
        for location in carved() { try deliver(location, body) }
        for recorder in openSpans.keys.sorted() {
            guard let (block, value) = openSpans(of: recorder) else { continue }
            try body(block, value)
        }
        return damages.named
    }

    private mutating func deliver(
        _ location: Location, _ body: (Block, _ value: [UInt8]?) throws -> Void
    ) rethrows {
        guard let (block, value) = read(location) else { return }
        soundRanges.append(location.offset..<location.offset + block.storedByteCount)
        if block.holdsOpenSpans {
            openSpans[block.header.recorderID, default: []].append(location)
        } else {
            try body(block, value)
        }
    }

    private mutating func read(_ location: Location) -> (Block, value: [UInt8])? {
        do {
            let value = try file.bytes(at: location.offset, count: location.byteCount)
            return (try Block(archived: value), value)
        } catch {
            damagedOffsets.insert(location.offset)
            countLost(1)
            add("\(error)", at: location.offset, number: location.number)
            return nil
        }
    }

    private mutating func countLost(_ count: UInt64) {
        let (sum, isOverflow) = lostBlockCount.addingReportingOverflow(count)
        lostBlockCount = isOverflow ? .max : sum
    }

    private mutating func add(_ reason: String, at offset: UInt64, number: UInt64? = nil) {
        let block = number.map { ", block number \($0)" } ?? ""
        damages.add("\(path)\(block) at byte \(offset): \(reason).", at: offset)
    }
}

// MARK: The tree

extension ArchiveScan {
    private mutating func readTree() {
        do {
            let state = try LMDBFile(file)
            pageByteCount = state.pageByteCount
            if state.isCutOff { add("the rest of the file is missing", at: byteCount) }
            for damage in try state.metaDamages() { add(page: damage.page, damage.reason) }
            checkFormat(state)
            guard let table = try state.table(ArchiveFile.blocksTable) else { return }
            read(table)
        } catch {
            damages.add("\(path) is damaged: \(error).", at: 0)
        }
    }

    /// Blocks say which version they are of, so those that are known are rescued from any archive.
    private mutating func checkFormat(_ state: LMDBFile) {
        let meta = try? state.table(ArchiveFile.metaTable)
        guard let format = (try? meta?.value(for: ArchiveFile.formatKey)) ?? nil,
            ArchiveFile.isOtherFormat(format)
        else { return }
        damages.add(
            "\(path) has the format \"\(String(decoding: format, as: UTF8.self))\", which this version "
                + "does not know: there may be more in it than is found.")
    }

    private mutating func read(_ table: LMDBTree) {
        var next: UInt64 = 0
        table.forEachReadableEntry { entry in
            guard entry.key.count == 8 else {
                return add("a block has no number", at: entry.valueOffset)
            }
            let number = UInt64(bigEndianBytes: entry.key)
            if number > next { addMissing(next..<number, at: entry.valueOffset) }
            next = max(next, number == .max ? .max : number + 1)
            // Forged entries that all name the same large block would multiply the work.
            let claimed = UInt64(max(entry.valueByteCount, ArchiveFile.valueByteCountMin))
            guard entry.valueByteCount <= SegmentReader.blockByteCountMax,
                claimed <= unclaimedByteCount
            else { return add("its blocks overlap", at: entry.valueOffset, number: number) }
            unclaimedByteCount -= claimed
            locations.append(
                Location(
                    number: number, offset: entry.valueOffset, byteCount: entry.valueByteCount))
        } damaged: { damage in
            add(page: damage.page, damage.reason)
        }
    }

    private mutating func addMissing(_ numbers: Range<UInt64>, at offset: UInt64) {
        countLost(numbers.upperBound - numbers.lowerBound)
        damages.add(
            "\(path): the tree leads to no blocks of the numbers \(numbers.lowerBound) to "
                + "\(numbers.upperBound - 1).", at: offset)
    }

    private mutating func add(page: UInt64, _ reason: String) {
        add("the tree is damaged: \(reason)", at: page &* UInt64(pageByteCount ?? 4096))
    }
}

// MARK: Carving

extension ArchiveScan {
    /// The blocks that the tree does not lead to, in the order of recorders and sequences.
    private mutating func carved() -> [Location] {
        var carver = BlockCarver(file, byteCount: byteCount, pageByteCount: pageByteCount)
        var found: [BlockCarver.Candidate] = []
        var damaged: [(offset: UInt64, reason: String)] = []
        carver.carve(outside: soundRanges) { finding in
            switch finding {
            case .block(let candidate): found.append(candidate)
            case .damaged(let candidate, let reason):
                if damaged.count < FileDamages.countMax {
                    damaged.append((candidate.offset, reason))
                }
            }
        }
        found.sort { BlockName($0.header) < BlockName($1.header) }
        lostBlockCount -= min(lostBlockCount, UInt64(found.count))
        for candidate in found {
            add("the tree does not lead to this block", at: candidate.offset)
        }
        if !damages.isEmpty {
            for (offset, reason) in damaged where !damagedOffsets.contains(offset) {
                add(reason, at: offset)
            }
        }
        return found.map {
            Location(number: nil, offset: $0.offset, byteCount: Int($0.end - $0.offset))
        }
    }
}

// MARK: Open spans

extension ArchiveScan {
    /// The block that holds what all blocks of a recorder's open spans do.
    private mutating func openSpans(of recorder: RecorderID) -> (Block, value: [UInt8]?)? {
        let locations = openSpans[recorder] ?? []
        guard let first = locations.first, let (block, value) = read(first) else { return nil }
        guard locations.count > 1 else { return (block, value) }
        var joined = JoinedOpenSpans(block)
        for location in locations.dropFirst() {
            guard let (block, _) = read(location) else { continue }
            if !joined.add(block) {
                add(
                    "these open spans cannot stand beside others of recorder \(recorder); they were "
                        + "left out", at: location.offset)
            }
        }
        return (joined.block, nil)
    }
}
