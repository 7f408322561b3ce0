import SpanLogFormat

/// What the tree of a segment says, as far as it can be read: a hint at where blocks are, which
/// nothing relies on.
struct SegmentTree {
    /// Where the tree says that blocks are, in the order of the keys.
    private(set) var locations: [SegmentReader.Location] = []
    /// The same of blocks of open spans.
    private(set) var openSpanLocations: [SegmentReader.Location] = []
    /// What cannot be read.
    private(set) var damages: FileDamages
    /// The bytes of a page, by the word of the file, if it is one of LMDB's.
    private(set) var pageByteCount: Int?
    /// Whether this is one state of the file. It is not if a writer changed it in each try.
    private(set) var isSettled = true
    private var unclaimedByteCount: UInt64 = 0

    /// Reads the tree, again if a writer has changed it underneath, up to `attemptMax` times.
    ///
    /// A writer that never pauses may change it each time. What the last try has read is taken then,
    /// without calling anything damage. Nothing is lost by that: a block that is committed stays where
    /// it is, so it is carved if the tree did not lead to it.
    init(_ file: ReadOnlyFile, attemptMax: Int) {
        damages = FileDamages(path: file.path)
        for _ in 0..<attemptMax {
            self = SegmentTree(path: file.path)
            guard read(file) else { return }
        }
        damages = FileDamages(path: file.path)
        isSettled = false
    }

    private init(path: String) {
        damages = FileDamages(path: path)
    }

    /// - Returns: Whether a writer may have changed what was read meanwhile.
    private mutating func read(_ file: ReadOnlyFile) -> Bool {
        do {
            unclaimedByteCount = try file.byteCount()
            let state = try LMDBFile(file)
            pageByteCount = state.pageByteCount
            for damage in try state.metaDamages() { add(page: damage.page, damage.reason) }
            locations = read(SegmentWriter.table, of: state)
            openSpanLocations = read(SegmentReader.openSpansTable, of: state)
            return try state.isOutdated()
        } catch {
            damages.add("\(file.path) is damaged: \(error).", at: 0)
            return false
        }
    }

    private mutating func read(
        _ table: String, of state: LMDBFile
    ) -> [SegmentReader.Location] {
        var locations: [SegmentReader.Location] = []
        do {
            try state.table(table)?.forEachReadableEntry { entry in
                do throws(FormatError) {
                    let location = try SegmentReader.Location(entry)
                    try claim(location)
                    locations.append(location)
                } catch {
                    add(error.description, at: entry.valueOffset, key: entry.key)
                }
            } damaged: { damage in
                add(page: damage.page, damage.reason, key: damage.key)
            }
        } catch {
            add(page: state.rootPage, "\(error)")
        }
        return locations
    }

    /// Forged entries that all name the same large block would multiply the work.
    private mutating func claim(_ location: SegmentReader.Location) throws(FormatError) {
        guard location.byteCount <= SegmentReader.blockByteCountMax else {
            throw FormatError("a block of \(location.byteCount) bytes is larger than any")
        }
        guard UInt64(location.byteCount) <= unclaimedByteCount else {
            throw FormatError("its blocks overlap")
        }
        unclaimedByteCount -= UInt64(location.byteCount)
    }

    private mutating func add(page: UInt64, _ reason: String, key: [UInt8]? = nil) {
        add(reason, at: page &* UInt64(pageByteCount ?? 4096), key: key)
    }

    private mutating func add(_ reason: String, at offset: UInt64, key: [UInt8]?) {
        let isKey = key.map { $0.count == 8 || $0.count == 24 } ?? false
        let sequence = isKey ? key.map { UInt64(bigEndianBytes: $0.suffix(8)) } : nil
        let block = sequence.map { ", block \($0)" } ?? ""
        damages.add(
            "\(damages.path)\(block), the tree at byte \(offset): \(reason).", at: offset,
            recorder: key.flatMap { RecorderID(bytes: $0.dropLast(8)) }, sequence: sequence)
    }
}
