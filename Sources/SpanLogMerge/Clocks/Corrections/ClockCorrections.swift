/// The corrections of all domains of an archive, with how they came about.
///
/// Recorded times are never changed: who reads them asks here.
public struct ClockCorrections: Hashable, Sendable {
    /// What was asked for: ``ClockMode/name``.
    public let mode: String
    /// The domain by whose clock corrected times go, or `nil` without one.
    public let reference: ClockDomain?
    /// Each domain, by name.
    public internal(set) var domains: [DomainCorrection]
    /// Each pair of domains that exchanged messages, by name.
    public internal(set) var pairs: [Pair]

    /// What two domains' messages were worth.
    public struct Pair: Hashable, Sendable, Codable {
        /// The lesser domain.
        public let first: ClockDomain
        /// The greater domain.
        public let second: ClockDomain
        /// Messages either way.
        public let factCount: Int
        /// Those that the corrections contradict.
        public internal(set) var rejectedFactCount: Int
        /// Whether there are messages both ways.
        public let isTwoSided: Bool
        /// Whether too many of the messages contradict each other, or a cycle of other pairs.
        public let isInconsistent: Bool
    }

    init(mode: String, reference: ClockDomain?, domains: [DomainCorrection], pairs: [Pair] = []) {
        self.mode = mode
        self.reference = reference
        self.domains = domains.sorted { $0.domain < $1.domain }
        self.pairs = pairs
    }

    /// The correction of a domain, or `nil` for one that the merge did not see.
    ///
    /// - Complexity: O(log *n*) in the number of domains.
    public subscript(domain: ClockDomain) -> DomainCorrection? {
        var (low, high) = (0, domains.count)
        while low < high {
            let middle = (low + high) / 2
            if domains[middle].domain < domain { low = middle + 1 } else { high = middle }
        }
        return low < domains.count && domains[low].domain == domain ? domains[low] : nil
    }
}

extension ClockCorrections {
    /// A time as it was recorded in a domain, corrected. In a domain that the merge did not see it stays.
    ///
    /// Who corrects many times of a domain should ask for its ``DomainCorrection`` once.
    public func corrected(_ time: UInt64, in domain: ClockDomain) -> UInt64 {
        self[domain]?.corrected(time) ?? time
    }

    /// How far off the corrected time may be against the clock of ``reference``, or `nil` if nobody
    /// knows.
    public func bound(_ time: UInt64, in domain: ClockDomain) -> UInt64? {
        self[domain]?.corrected(start: time, end: 0).boundNanoseconds
    }
}

extension ClockCorrections {
    /// A moment in a domain.
    public struct Moment: Hashable, Sendable {
        /// Nanoseconds since 1970, on the unstepped line of the domain.
        public var unstepped: UInt64
        /// Whose clock said so.
        public var domain: ClockDomain
        /// How far off that is if the clock was set at this moment; see ``ClockLine/Shift``.
        public var ambiguityNanoseconds: UInt64

        /// Creates a moment.
        public init(
            unstepped: UInt64, domain: ClockDomain, ambiguityNanoseconds: UInt64 = 0
        ) {
            self.unstepped = unstepped
            self.domain = domain
            self.ambiguityNanoseconds = ambiguityNanoseconds
        }
    }

    /// How far off the corrected difference between two moments may be, in nanoseconds, or `nil` if
    /// nobody knows. Within a domain it is exact, unless its clock was set at one of them.
    public func uncertainty(between first: Moment, and second: Moment) -> UInt64? {
        let ambiguity = UInt64(
            clamping: UInt128(first.ambiguityNanoseconds) + UInt128(second.ambiguityNanoseconds))
        if first.domain == second.domain { return ambiguity }
        guard let one = self[first.domain], let other = self[second.domain],
            one.frame == other.frame,
            let bound = one.boundInFrame(at: first.unstepped),
            let otherBound = other.boundInFrame(at: second.unstepped)
        else { return nil }
        return UInt64(clamping: UInt128(bound) + UInt128(otherBound) + UInt128(ambiguity))
    }

    /// Whether the order of two moments is known: whether their corrected times differ by more than
    /// may be wrong about them.
    public func isOrderKnown(of first: Moment, and second: Moment) -> Bool {
        guard let uncertainty = uncertainty(between: first, and: second) else { return false }
        let times = [first, second].map { moment in
            ClockTime.moved(
                moment.unstepped, by: self[moment.domain]?.offset(at: moment.unstepped) ?? 0)
        }
        return max(times[0], times[1]) - min(times[0], times[1]) > uncertainty
    }
}
