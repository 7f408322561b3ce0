/// The correction of a domain in a few numbers.
public struct ClockSummary: Hashable, Sendable, Codable {
    /// What is added to the domain's first times, in nanoseconds.
    public let offsetAtStart: Int64
    /// What is added to the domain's last times, in nanoseconds.
    public let offsetAtEnd: Int64
    /// How the offset changes in between, in parts per million.
    public let driftPPM: Double
    /// The median bound against the archive's reference in nanoseconds, or `nil` if it is unknown.
    public let boundMedian: UInt64?
    /// The greatest bound in nanoseconds, or `nil` if it is unknown.
    public let boundGreatest: UInt64?

    private enum CodingKeys: String, CodingKey {
        case offsetAtStart = "offsetAtStartNs"
        case offsetAtEnd = "offsetAtEndNs"
        // Foundation's conversion to snake case and back knows no capital abbreviations.
        case driftPPM = "driftPpm"
        case boundMedian = "boundMedianNs"
        case boundGreatest = "boundGreatestNs"
    }

    /// Sums up a correction.
    public init(_ correction: DomainCorrection) {
        let knots = correction.knots
        offsetAtStart = knots.first?.offsetNanoseconds ?? 0
        offsetAtEnd = knots.last?.offsetNanoseconds ?? 0
        if let first = knots.first, let last = knots.last, last.time > first.time {
            let change = Int128(last.offsetNanoseconds) - Int128(first.offsetNanoseconds)
            let passed = Int128(last.time) - Int128(first.time)
            driftPPM = 1e6 * ClockTime.double(change) / ClockTime.double(passed)
        } else {
            driftPPM = 0
        }
        let bounds = correction.isBounded ? knots.map(\.boundNanoseconds).sorted() : nil
        // A reference has no knots: it is off by nothing.
        boundMedian = bounds.map { $0.isEmpty ? 0 : $0[$0.count / 2] }
        boundGreatest = bounds.map { $0.last ?? 0 }
    }
}
