/// A time in which two domains exchanged enough messages to tell the wrong ones from the right ones.
struct PairWindow: Sendable {
    /// The messages in ``PairSide/times``, from the first domain to the second and the other way.
    var upper: Range<Int>
    var lower: Range<Int>
    /// All messages, kept or not.
    var upperCount = 0
    var lowerCount = 0

    /// Cuts the time of two sides into windows of `length` cells or more, and of
    /// ``messageCountMin`` messages or more each way, if there are any that way.
    static func windows(_ upper: PairSide, _ lower: PairSide, cells length: Int64) -> [PairWindow] {
        var windows: [PairWindow] = []
        var start: Int64 = 0
        var next = (upper: 0, lower: 0)
        while let number = cellNumber(upper, next.upper, lower, next.lower) {
            if windows.last.map({ $0.isFull(upper, lower) && number - start >= length }) ?? true {
                windows.append(
                    PairWindow(
                        upper: upper.firstMessage(next.upper)..<upper.firstMessage(next.upper),
                        lower: lower.firstMessage(next.lower)..<lower.firstMessage(next.lower)))
                start = number
            }
            let last = windows.count - 1
            if next.upper < upper.cells.count, upper.cells[next.upper].number == number {
                windows[last].addUpper(upper.cells[next.upper])
                next.upper += 1
            }
            if next.lower < lower.cells.count, lower.cells[next.lower].number == number {
                windows[last].addLower(lower.cells[next.lower])
                next.lower += 1
            }
        }
        // What is left at the end belongs to the window before.
        if windows.count > 1, let rest = windows.last, !rest.isFull(upper, lower) {
            windows.removeLast()
            windows[windows.count - 1].append(rest)
        }
        return windows
    }

    private static func cellNumber(
        _ upper: PairSide, _ nextUpper: Int, _ lower: PairSide, _ nextLower: Int
    ) -> Int64? {
        let first = nextUpper < upper.cells.count ? upper.cells[nextUpper].number : nil
        let second = nextLower < lower.cells.count ? lower.cells[nextLower].number : nil
        guard let first, let second else { return first ?? second }
        return min(first, second)
    }

    private func isFull(_ upperSide: PairSide, _ lowerSide: PairSide) -> Bool {
        (upperSide.count == 0 || upperCount >= Self.messageCountMin)
            && (lowerSide.count == 0 || lowerCount >= Self.messageCountMin)
    }

    private mutating func addUpper(_ cell: PairSide.Cell) {
        upper = upper.lowerBound..<cell.messages.upperBound
        upperCount += cell.count
    }

    private mutating func addLower(_ cell: PairSide.Cell) {
        lower = lower.lowerBound..<cell.messages.upperBound
        lowerCount += cell.count
    }

    private mutating func append(_ later: PairWindow) {
        upper = upper.lowerBound..<later.upper.upperBound
        lower = lower.lowerBound..<later.lower.upperBound
        upperCount += later.upperCount
        lowerCount += later.lowerCount
    }

    /// Fewer say too little about which of them are wrong.
    static let messageCountMin = 20
}

extension PairSide {
    fileprivate func firstMessage(_ cell: Int) -> Int {
        cell < cells.count ? cells[cell].messages.lowerBound : times.count
    }
}
