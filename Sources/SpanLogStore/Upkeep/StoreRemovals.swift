import SpanLogFormat

/// What retention has removed from a store: known gaps, in a file of their own.
///
/// The file is durable before anything is removed. What it names and is still there, because the
/// process died in between, counts as there.
struct StoreRemovals: Hashable, Sendable {
    /// Disjoint runs of blocks, in the order of ``Entry``.
    private(set) var entries: [Entry] = []

    /// The file in the store's directory.
    static let fileName = "spanlog-removed"

    /// Blocks of one recorder with successive numbers.
    struct Entry: Hashable, Comparable, Sendable {
        /// The recorder; zeros stand for many, whose blocks are only counted.
        var recorderID: RecorderID
        /// The first number.
        var first: UInt64
        var blockCount: UInt64
        var spanCount: UInt64 = 0
        /// The spans that were open when the recorder died. What its spool said last has an entry
        /// without blocks.
        var openSpanCount: UInt64 = 0
        /// The least start and the greatest end of a span; `UInt64.max` and 0 without spans.
        var earliestNanoseconds = UInt64.max
        var latestNanoseconds: UInt64 = 0
        /// When the last of it was removed, in nanoseconds since 1970.
        var removedNanoseconds: UInt64
        /// The greatest drop counters of these blocks.
        var drops = DropCounters()

        /// The number behind the last one.
        var end: UInt64 { first &+ blockCount }
        var holdsOpenSpans: Bool { blockCount == 0 }

        /// By recorder and number, open spans last.
        static func < (left: Entry, right: Entry) -> Bool {
            (left.recorderID, left.holdsOpenSpans ? 1 : 0, left.first)
                < (right.recorderID, right.holdsOpenSpans ? 1 : 0, right.first)
        }
    }

    /// No gaps.
    init() {}

    /// Takes entries that somebody else has written.
    ///
    /// - Throws: ``FormatError`` unless they are in order and disjoint.
    init(checking entries: [Entry]) throws(FormatError) {
        for (entry, next) in zip(entries, entries.dropFirst()) {
            let overlaps = entry.recorderID == next.recorderID && entry.end > next.first
            guard entry < next, !overlaps || next.holdsOpenSpans else {
                throw FormatError("its entries are out of order")
            }
        }
        self.entries = entries
    }

    /// The recorder of the entry that stands for many.
    static let anyRecorder = RecorderID(bytes: [UInt8](repeating: 0, count: 16))!
    /// More entries than these become one, the oldest first.
    private static let entryCountMax = 4096
}

extension StoreRemovals {
    /// What is known of a recorder.
    func entries(of id: RecorderID) -> ArraySlice<Entry> {
        let start = entries.partitioningIndex { $0.recorderID >= id }
        return entries[start...].prefix { $0.recorderID == id }
    }

    /// Whether a block is known to have been removed.
    func contains(_ sequence: UInt64, of id: RecorderID) -> Bool {
        entries(of: id).contains { $0.first <= sequence && sequence < $0.end }
    }

    /// Whether the open spans of a recorder are known to have been removed.
    func containsOpenSpans(of id: RecorderID) -> Bool {
        entries(of: id).contains(where: \.holdsOpenSpans)
    }

    /// Adds runs of which nothing is known yet, and joins those that follow each other.
    mutating func add(_ new: [Entry]) {
        let sorted = (entries + new).sorted()
        entries = []
        for entry in sorted {
            if let last = entries.last, last.isFollowed(by: entry) {
                entries[entries.count - 1].join(entry)
            } else {
                entries.append(entry)
            }
        }
        limit()
    }

    private mutating func limit() {
        let excess = entries.count - Self.entryCountMax
        guard excess > 0 else { return }
        let byAge = entries.sorted { $0.removedNanoseconds < $1.removedNanoseconds }
        var all = Entry(
            recorderID: Self.anyRecorder, first: 0, blockCount: 0, removedNanoseconds: 0)
        for entry in byAge.prefix(excess + Self.entryCountMax / 8) { all.join(entry) }
        let rest = byAge.dropFirst(excess + Self.entryCountMax / 8)
        entries = [all] + rest.sorted()
    }
}

extension StoreRemovals.Entry {
    fileprivate func isFollowed(by other: Self) -> Bool {
        recorderID == other.recorderID && !holdsOpenSpans && !other.holdsOpenSpans
            && end == other.first
    }

    fileprivate mutating func join(_ other: Self) {
        blockCount &+= other.blockCount
        spanCount &+= other.spanCount
        openSpanCount &+= other.openSpanCount
        earliestNanoseconds = min(earliestNanoseconds, other.earliestNanoseconds)
        latestNanoseconds = max(latestNanoseconds, other.latestNanoseconds)
        removedNanoseconds = max(removedNanoseconds, other.removedNanoseconds)
        if recorderID == other.recorderID {
            drops.raise(to: other.drops)
        } else {
            drops = drops + other.drops
        }
    }
}

extension DropCounters {
    /// Takes the greater of each two counters of one recorder: they only grow, so the greatest are
    /// the newest.
    mutating func raise(to other: DropCounters) {
        self = DropCounters(zip(all, other.all).map { max($0, $1) })
    }

    /// The sums of the counters of two recorders. Forged ones wrap around.
    static func + (left: DropCounters, right: DropCounters) -> DropCounters {
        DropCounters(zip(left.all, right.all).map { $0 &+ $1 })
    }
}

extension RandomAccessCollection {
    /// The first index whose element, and all behind it, satisfy `isInSecondPart`.
    func partitioningIndex(where isInSecondPart: (Element) -> Bool) -> Index {
        var (low, count) = (startIndex, self.count)
        while count > 0 {
            let half = count / 2
            let middle = index(low, offsetBy: half)
            if isInSecondPart(self[middle]) {
                count = half
            } else {
                low = index(after: middle)
                count -= half + 1
            }
        }
        return low
    }
}
