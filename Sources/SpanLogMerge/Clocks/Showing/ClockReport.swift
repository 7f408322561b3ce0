/// How the clocks of an archive were aligned, without the corrections themselves: what a report says.
public struct ClockReport: Hashable, Sendable, Codable {
    /// What was asked for: ``ClockMode/name``.
    public let mode: String
    /// The domain by whose clock corrected times go, if there is one.
    public let reference: ClockDomain?
    /// Each domain, by name.
    public let domains: [Domain]
    /// Each pair of domains that exchanged messages, by name.
    public let pairs: [ClockCorrections.Pair]

    /// A domain's correction in a few numbers.
    public struct Domain: Hashable, Sendable, Codable {
        /// Whose times.
        public let domain: ClockDomain
        /// How the correction came about.
        public let method: ClockMethod
        /// By whose clock the corrected times go.
        public let frame: ClockDomain
        /// Offset, drift and bound.
        public let summary: ClockSummary
        /// Messages that were used.
        public let used: Int
        /// Messages that were taken for wrong.
        public let rejected: Int
        /// How often the wall clock was set.
        public let steps: Int
    }

    /// Nothing was aligned.
    init() { self.init(ClockCorrections(mode: ClockMode.off.name, reference: nil, domains: [])) }

    /// Sums up corrections.
    public init(_ corrections: ClockCorrections) {
        mode = corrections.mode
        reference = corrections.reference
        pairs = corrections.pairs
        domains = corrections.domains.map { correction in
            Domain(
                domain: correction.domain, method: correction.method, frame: correction.frame,
                summary: ClockSummary(correction), used: correction.usedFactCount,
                rejected: correction.rejectedFactCount, steps: correction.line.stepCount)
        }
    }
}
