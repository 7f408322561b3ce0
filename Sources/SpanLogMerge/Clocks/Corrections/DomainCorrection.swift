/// What is added to the times of one domain so that they can be compared with those of others.
///
/// A recorded time is first brought onto the unstepped line of its boot (``ClockLine``), and then
/// moved by an offset that is linear between knots.
public struct DomainCorrection: Hashable, Sendable {
    /// Whose times.
    public let domain: ClockDomain
    /// How the correction came about.
    public internal(set) var method: ClockMethod
    /// The domain by whose clock corrected times go: that of the whole archive, or that of the few
    /// domains which messages both ways connect with this one.
    public internal(set) var frame: ClockDomain
    /// Whether the bounds hold against the clock of ``ClockCorrections/reference``.
    public internal(set) var isBounded: Bool
    /// Whether ``Knot/boundNanoseconds`` means anything: against the clock of ``frame``.
    public internal(set) var isBoundedInFrame: Bool
    /// Steps of the wall clock.
    public internal(set) var line = ClockLine()
    /// Ascending; at least one, unless nothing is added.
    public internal(set) var knots: [Knot] = []
    /// How the offset goes on before the first and after the last knot, in parts per million.
    public internal(set) var driftPPM = 0.0
    /// How fast the truth may leave what is computed, in parts per million.
    public internal(set) var residualDriftPPM = 0.0
    /// Messages to or from the domain.
    public internal(set) var factCount = 0
    /// Those among them that the corrections contradict: taken for wrong.
    public internal(set) var rejectedFactCount = 0
    /// The other messages.
    public var usedFactCount: Int { max(0, factCount - rejectedFactCount) }

    /// The offset at a moment.
    public struct Knot: Hashable, Sendable {
        /// Nanoseconds since 1970 by the domain's unstepped clock.
        public var time: Int64
        /// What is added then, in nanoseconds.
        public var offsetNanoseconds: Int64
        /// How far off that may be, in nanoseconds.
        public var boundNanoseconds: UInt64
    }

    /// The corrected times of a span.
    public struct Times: Hashable, Sendable {
        /// Nanoseconds since 1970.
        public var startNanoseconds: UInt64
        /// Nanoseconds since 1970, or 0 if the span never ended.
        public var endNanoseconds: UInt64
        /// How far off the start may be against the archive's reference, or `nil` if nobody knows.
        public var boundNanoseconds: UInt64?
    }

    init(domain: ClockDomain, method: ClockMethod) {
        self.domain = domain
        self.method = method
        frame = domain
        isBounded = method == .reference
        isBoundedInFrame = method != .off
    }
}

extension DomainCorrection {
    /// Corrects the times of a span as they were recorded.
    ///
    /// - Parameters:
    ///   - start: Nanoseconds since 1970.
    ///   - end: Nanoseconds since 1970, or 0 if the span never ended.
    ///   - sealed: The CLOCK_BOOTTIME at which the span's block was sealed, or `nil` if unknown; see
    ///     ``ClockLine/shift(start:end:sealed:sealedBefore:)``.
    public func corrected(start: UInt64, end: UInt64, sealed: UInt64? = nil) -> Times {
        let shift = line.shift(start: start, end: end == 0 ? nil : end, sealed: sealed)
        return corrected(start: start, end: end, shift)
    }

    /// Corrects the times of a span that is brought onto the unstepped line by `shift`.
    func corrected(start: UInt64, end: UInt64, _ shift: ClockLine.Shift) -> Times {
        let first = ClockTime.moved(start, by: shift.nanoseconds)
        let last = ClockTime.moved(end, by: shift.nanoseconds)
        let newStart = ClockTime.moved(first, by: offset(at: first))
        let newEnd = ClockTime.moved(last, by: offset(at: last))
        return Times(
            startNanoseconds: newStart,
            endNanoseconds: end == 0 ? 0 : max(newStart, newEnd),
            boundNanoseconds: bound(at: first).map {
                UInt64(clamping: UInt128($0) + UInt128(shift.ambiguityNanoseconds))
            })
    }

    /// Corrects a single time, such as an event's; see ``corrected(start:end:sealed:)``.
    public func corrected(_ time: UInt64, sealed: UInt64? = nil) -> UInt64 {
        corrected(start: time, end: 0, sealed: sealed).startNanoseconds
    }

    /// What is added to a time on the unstepped line, in nanoseconds.
    ///
    /// - Complexity: O(log *n*) in the number of knots.
    public func offset(at unstepped: UInt64) -> Int64 {
        let time = ClockTime.clamped(unstepped)
        guard let first = knots.first, let last = knots.last else { return 0 }
        if time <= first.time { return extrapolated(first, to: time) }
        if time >= last.time { return extrapolated(last, to: time) }
        let (left, right) = around(time)
        let before = passed(from: left, to: time)
        let share = before / (before - passed(from: right, to: time))
        let change = ClockTime.double(
            Int128(right.offsetNanoseconds) - Int128(left.offsetNanoseconds))
        return ClockTime.clamped(
            Int128(left.offsetNanoseconds) + Int128(ClockTime.clamped(change * share)))
    }

    /// How far off a corrected time may be against the clock of the archive's reference, or `nil` if
    /// nobody knows.
    public func bound(at unstepped: UInt64) -> UInt64? {
        isBounded ? boundInFrame(at: unstepped) : nil
    }

    /// How far off a corrected time may be against the clock of ``frame``, or `nil` if nobody knows.
    public func boundInFrame(at unstepped: UInt64) -> UInt64? {
        guard isBoundedInFrame else { return nil }
        let time = ClockTime.clamped(unstepped)
        guard let first = knots.first, let last = knots.last else { return 0 }
        if time <= first.time { return widened(first, to: time) }
        if time >= last.time { return widened(last, to: time) }
        let (left, right) = around(time)
        let (before, after) = (passed(from: left, to: time), -passed(from: right, to: time))
        let bounds = (Double(left.boundNanoseconds), Double(right.boundNanoseconds))
        let straight = (bounds.0 * after + bounds.1 * before) / (before + after)
        // The truth is right at both knots, and in between as far from straight as drift allows.
        let bend = 2 * residualDriftPPM / 1e6 * before * after / (before + after)
        return UInt64(max(0, ClockTime.clamped(straight + bend)))
    }

    private func extrapolated(_ knot: Knot, to time: Int64) -> Int64 {
        let change = ClockTime.clamped(passed(from: knot, to: time) * driftPPM / 1e6)
        return ClockTime.clamped(Int128(knot.offsetNanoseconds) + Int128(change))
    }

    private func widened(_ knot: Knot, to time: Int64) -> UInt64 {
        let widening = abs(passed(from: knot, to: time)) * residualDriftPPM / 1e6
        return UInt64(max(0, ClockTime.clamped(Double(knot.boundNanoseconds) + widening)))
    }

    private func passed(from knot: Knot, to time: Int64) -> Double {
        ClockTime.double(Int128(time) - Int128(knot.time))
    }

    /// The knots before and after a time that lies between the first and the last.
    private func around(_ time: Int64) -> (Knot, Knot) {
        var (low, high) = (0, knots.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if knots[middle].time <= time { low = middle } else { high = middle }
        }
        return (knots[low], knots[high])
    }
}
