/// The wall clock of one boot with its steps undone.
///
/// A recorder takes a span's start from the wall clock and its end from a clock that is never stepped,
/// so both of a span's times belong to the time before a step or both to the time after it. The line
/// goes on as if the clock had never been set; it is the wall clock of the longest time without a step.
public struct ClockLine: Hashable, Sendable {
    /// The times between steps, in order; none if the boot has no anchors, or more steps than can be
    /// undone.
    let pieces: [Piece]

    /// A time without a step.
    struct Piece: Hashable, Sendable {
        /// When the first anchor of it was taken, in nanoseconds since boot.
        var first: Int64
        /// When the last anchor of it was taken, in nanoseconds since boot.
        var last: Int64
        /// Wall clock minus clock since boot.
        var offset: Int64
        /// What is added to wall times of this piece.
        var shift: Int64 = 0
    }

    /// How often the wall clock was set while anchors were taken.
    public let stepCount: Int

    /// A wall clock that nobody set.
    public init() {
        self.init(pieces: [], stepCount: 0)
    }

    init(pieces: [Piece], stepCount: Int) {
        self.pieces = pieces
        self.stepCount = stepCount
    }

    /// Finds the steps between the anchors of a boot.
    package init(_ anchors: ClockAnchors) {
        var pieces: [Piece] = []
        var previous: ClockAnchors.Reading?
        for reading in anchors.readings {
            if let previous, !Self.isStep(from: previous, to: reading) {
                pieces[pieces.count - 1].last = reading.boottime
            } else {
                pieces.append(
                    Piece(first: reading.boottime, last: reading.boottime, offset: reading.offset))
            }
            previous = reading
        }
        let longest = pieces.max { ($0.last - $0.first, $0.first) < ($1.last - $1.first, $1.first) }
        for index in pieces.indices {
            pieces[index].shift = ClockTime.clamped(
                Int128(longest?.offset ?? 0) - Int128(pieces[index].offset))
        }
        // A clock that is set all the time has no line; recorders that disagree look like that.
        self.init(
            pieces: pieces.count <= Self.pieceMax ? pieces : [], stepCount: max(0, pieces.count - 1)
        )
    }

    /// Each span is held against all pieces.
    static let pieceMax = 256

    /// More than slewing can do. On Linux both clocks are slewed alike and the distance stays exactly
    /// the same, so a long time between anchors need not excuse a large one.
    private static func isStep(
        from earlier: ClockAnchors.Reading, to later: ClockAnchors.Reading
    ) -> Bool {
        let passed = (later.boottime - earlier.boottime) / 2_000
        return (Int128(later.offset) - Int128(earlier.offset)).magnitude
            > UInt128(1_000_000 + min(passed, 10_000_000))
    }
}

extension ClockLine {
    /// What brings the times of a span onto the unstepped line.
    public struct Shift: Hashable, Sendable {
        /// What is added to both times.
        public var nanoseconds: Int64 = 0
        /// How far off that may be: 0, unless the clock was set so close to the span's start that
        /// nobody can say which came first.
        public var ambiguityNanoseconds: UInt64 = 0
    }

    /// What is to be added to both times of a span so that they lie on the unstepped line.
    ///
    /// After a step back the same wall times pass twice. A piece can be meant if the span would have
    /// started after the last anchor of the piece before and before the first one of the piece after,
    /// and ended before its block was sealed, but not long before, nor before the block in front of it
    /// was. Of several, the one is chosen to whose anchors the start is closest; of those, the one with
    /// the end closest to the sealing.
    ///
    /// - Parameters:
    ///   - start: The span's start by the wall clock, in nanoseconds since 1970.
    ///   - end: Its end, or `nil` if it never ended.
    ///   - sealed: When its block was sealed: the anchor's CLOCK_BOOTTIME, or `nil` if unknown.
    ///   - sealedBefore: When the recorder had sealed the block in front of it, or `nil` if unknown.
    /// - Complexity: O(*n*) in the number of steps, nearly always zero.
    public func shift(
        start: UInt64, end: UInt64? = nil, sealed: UInt64? = nil, sealedBefore: UInt64? = nil
    ) -> Shift {
        guard pieces.count > 1 else { return Shift(nanoseconds: pieces.first?.shift ?? 0) }
        let start = ClockTime.clamped(start)
        let last = max(start, end.map(ClockTime.clamped) ?? start)
        let seals = Seals(
            own: sealed.map(ClockTime.clamped), before: sealedBefore.map(ClockTime.clamped))
        var (best, place) = (fit(0, start, last, seals), 0)
        for index in 1..<pieces.count {
            let other = fit(index, start, last, seals)
            // Without anything else to go by, the later one.
            if !(best < other) { (best, place) = (other, index) }
        }
        var ambiguity: UInt128 = 0
        for index in pieces.indices where best.doubt != .never && index != place {
            guard fit(index, start, last, seals).doubt == best.doubt else { continue }
            let shifts = Int128(pieces[index].shift) - Int128(pieces[place].shift)
            ambiguity = max(ambiguity, shifts.magnitude)
        }
        return Shift(
            nanoseconds: pieces[place].shift, ambiguityNanoseconds: UInt64(clamping: ambiguity))
    }

    /// How well a span fits a piece; less is better.
    private struct Fit: Comparable {
        let doubt: Doubt
        /// How far from the piece's anchors the span started.
        let outside: Int128
        let untilSealed: Int128

        static func < (left: Fit, right: Fit) -> Bool {
            (left.doubt.rawValue, left.outside, left.untilSealed)
                < (right.doubt.rawValue, right.outside, right.untilSealed)
        }
    }

    /// When a span's block, and the one in front of it, were sealed.
    private struct Seals {
        let own: Int64?
        let before: Int64?
    }

    /// What speaks against a piece.
    private enum Doubt: Int {
        case none
        /// The block was sealed long after the span had ended, or the span had its place in a block
        /// before.
        case sealedLate
        /// The clock had not been set yet, or had been set again.
        case never
    }

    private func fit(_ index: Int, _ start: Int64, _ end: Int64, _ seals: Seals) -> Fit {
        let piece = pieces[index]
        let started = Int128(start) - Int128(piece.offset)
        let outside = max(0, Int128(piece.first) - started, started - Int128(piece.last))
        let isPossible =
            (index == pieces.startIndex || started >= Int128(pieces[index - 1].last))
            && (index == pieces.endIndex - 1 || started <= Int128(pieces[index + 1].first))
        let ended = Int128(end) - Int128(piece.offset)
        let left = seals.own.map { Int128($0) - ended } ?? 0
        let missed = seals.before.map { Int128($0) - ended } ?? 0
        let isLate = left > Int128(Self.sealDelay) || missed > Int128(Self.appendDelay)
        let doubt: Doubt =
            !isPossible || left < -Int128(Self.sealSlack) ? .never : isLate ? .sealedLate : .none
        return Fit(doubt: doubt, outside: outside, untilSealed: max(0, left))
    }

    /// The start of a span and the anchor are read from the same clock at different times.
    private static let sealSlack: Int64 = 1_000_000
    /// A recorder seals five times a second, unless the disk hangs.
    private static let sealDelay: Int64 = 10_000_000_000
    /// A thread may lose its core between reading the clock and handing over the span.
    private static let appendDelay: Int64 = 250_000_000
}
