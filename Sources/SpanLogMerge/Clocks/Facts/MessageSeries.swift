/// The messages from one domain to another that say most about their clocks: of each cell of time
/// the few with the least delay.
///
/// What is kept depends on the set of messages alone. The least of a union are the least of what is
/// least in its parts, and a cell of twice the length is the union of two: so series can be merged,
/// and made coarser, in any order.
struct MessageSeries: Sendable {
    /// The kept messages, by cell, delay and time.
    private(set) var kept: [Message] = []
    /// The cells that hold a message, ascending, with how many came.
    private(set) var cells: [Cell] = []
    /// What has come since ``kept`` was made.
    private var pending: [Message] = []
    /// All messages that came.
    private(set) var count = 0

    /// A span of time.
    struct Cell: Hashable, Sendable {
        /// Which one: times divided by the cells' length.
        var number: Int64
        /// The messages that came, kept or not.
        var count: Int
    }

    /// How long cells are and how many messages each keeps.
    struct Grain: Hashable, Sendable {
        /// A cell has 2^shift nanoseconds: a division costs more than all the rest.
        var shift: Int64 = 28
        var keptPerCell: Int

        func cell(_ time: Int64) -> Int64 { time >> shift }
    }

    /// Adds a message.
    ///
    /// - Returns: Whether there are so many pending that the series should be compacted.
    mutating func add(_ message: Message) -> Bool {
        pending.append(message)
        count += 1
        return pending.count >= max(Self.pendingMin, kept.count)
    }

    /// Sorts in what is pending, and drops what is not kept.
    mutating func compact(_ grain: Grain) {
        guard !pending.isEmpty else { return }
        let sorted = Self.sorted(pending, grain)
        merge(Self.least(of: sorted, grain), Self.cells(of: sorted, grain), grain)
        pending.removeAll(keepingCapacity: true)
    }

    /// Adds all messages of `other`. Both have to be compacted by `grain`.
    mutating func merge(_ other: MessageSeries, _ grain: Grain) {
        count += other.count
        merge(other.kept, other.cells, grain)
    }

    /// Makes the cells of a compacted series as long as those of `grain`.
    mutating func coarsen(by doublings: Int64, _ grain: Grain) {
        guard doublings > 0 else { return }
        cells = cells.reduce(into: []) { cells, cell in
            Self.append(Cell(number: cell.number >> doublings, count: cell.count), to: &cells)
        }
        kept = Self.least(of: Self.sorted(kept, grain), grain)
    }

    private mutating func merge(_ messages: [Message], _ counts: [Cell], _ grain: Grain) {
        guard !kept.isEmpty else {
            (kept, cells) = (messages, counts)
            return
        }
        let shift = grain.shift
        kept = Self.least(
            of: Self.merged(kept, messages) { $0.precedes($1, shift) }, grain)
        let sorted = Self.merged(cells, counts) { $0.number < $1.number }
        cells = sorted.reduce(into: []) { Self.append($1, to: &$0) }
    }

    private static func append(_ cell: Cell, to cells: inout [Cell]) {
        if cells.last?.number == cell.number {
            cells[cells.count - 1].count += cell.count
        } else {
            cells.append(cell)
        }
    }

    private static func cells(of messages: [Message], _ grain: Grain) -> [Cell] {
        messages.reduce(into: []) { cells, message in
            append(Cell(number: grain.cell(message.time), count: 1), to: &cells)
        }
    }

    private static func sorted(_ messages: [Message], _ grain: Grain) -> [Message] {
        let shift = grain.shift
        return messages.sorted { $0.precedes($1, shift) }
    }

    /// The first few of each cell.
    private static func least(of sorted: [Message], _ grain: Grain) -> [Message] {
        var least: [Message] = []
        least.reserveCapacity(sorted.count)
        var cell = Int64.min
        var number = 0
        for message in sorted {
            let next = grain.cell(message.time)
            number = next == cell ? number + 1 : 0
            cell = next
            if number < grain.keptPerCell { least.append(message) }
        }
        return least
    }

    private static func merged<Element>(
        _ left: [Element], _ right: [Element], by precedes: (Element, Element) -> Bool
    ) -> [Element] {
        var merged: [Element] = []
        merged.reserveCapacity(left.count + right.count)
        var next = 0
        for element in left {
            while next < right.count, precedes(right[next], element) {
                merged.append(right[next])
                next += 1
            }
            merged.append(element)
        }
        merged.append(contentsOf: right[next...])
        return merged
    }

    private static let pendingMin = 256
}

/// A message, by the two clocks that saw it.
struct Message: Hashable, Sendable {
    /// Nanoseconds since 1970, by the clock of the lesser of the two domains, to the even nanosecond
    /// below; the last bit says whether it is a request.
    private let timeAndKind: Int64
    /// When it was received by the receiver's clock, minus when it was sent by the sender's.
    let delay: Int64

    init(time: Int64, delay: Int64, isRequest: Bool) {
        timeAndKind = time & ~1 | (isRequest ? 1 : 0)
        self.delay = delay
    }

    var time: Int64 { timeAndKind & ~1 }

    /// Whether it made a span start, so that it cannot have been received before it was sent. Of an
    /// answer that is not as sure: the client may not have waited.
    var isRequest: Bool { timeAndKind & 1 != 0 }

    /// Orders messages by their cells of 2^`shift` nanoseconds, then by delay, then by the rest.
    func precedes(_ other: Message, _ shift: Int64) -> Bool {
        let (cell, otherCell) = (timeAndKind >> shift, other.timeAndKind >> shift)
        if cell != otherCell { return cell < otherCell }
        if delay != other.delay { return delay < other.delay }
        return timeAndKind < other.timeAndKind
    }
}
