/// What `spanlog clock` prints of the corrections of an archive.
public enum ClockTable {
    /// A line for each domain and for each pair of hosts that contradicts itself.
    ///
    /// - Parameter names: What to call domains: their hosts' names.
    public static func text(
        _ corrections: ClockCorrections, names: [ClockDomain: String] = [:]
    ) -> String {
        let head = [
            "host", "method", "offset at start", "at end", "drift", "bound", "greatest", "used",
            "rejected", "steps", "domain",
        ]
        let rows = corrections.domains.map { row($0, names) }
        let table = ClockText.columns([head] + rows, leftAligned: [0, 1, 10])
        return ([title(corrections, names), table] + warnings(corrections, names))
            .joined(separator: "\n")
    }

    private static func title(
        _ corrections: ClockCorrections, _ names: [ClockDomain: String]
    ) -> String {
        let mode = "clocks: \(corrections.mode)"
        guard let reference = corrections.reference else { return mode }
        return mode + ", reference \(ClockText.label(reference, names))"
    }

    private static func row(
        _ correction: DomainCorrection, _ names: [ClockDomain: String]
    ) -> [String] {
        let summary = ClockSummary(correction)
        return [
            ClockText.label(correction.domain, names), correction.method.rawValue,
            ClockText.offset(summary.offsetAtStart), ClockText.offset(summary.offsetAtEnd),
            ClockText.fixed(summary.driftPPM, digits: 3) + " ppm",
            ClockText.bound(summary.boundMedian), ClockText.bound(summary.boundGreatest),
            "\(correction.usedFactCount)",
            "\(correction.rejectedFactCount)", "\(correction.line.stepCount)",
            correction.domain.name,
        ]
    }

    private static func contradiction(of pair: ClockCorrections.Pair) -> String {
        // Messages may agree with each other, and not with what a third host tells of both.
        pair.rejectedFactCount > 0
            ? "\(pair.rejectedFactCount) of \(pair.factCount) messages contradict the others"
            : "their \(pair.factCount) messages contradict those of other hosts, and are left out"
    }

    private static func warnings(
        _ corrections: ClockCorrections, _ names: [ClockDomain: String]
    ) -> [String] {
        let pairs = corrections.pairs.filter(\.isInconsistent).map { pair in
            "INCONSISTENT: \(ClockText.label(pair.first, names)) and "
                + "\(ClockText.label(pair.second, names)): \(contradiction(of: pair))"
        }
        let aligned = corrections.domains.filter {
            !$0.isBounded && $0.frame != $0.domain && $0.method != .manual
        }
        return pairs
            + aligned.map { correction in
                "\(ClockText.label(correction.domain, names)) goes by the clock of "
                    + "\(ClockText.label(correction.frame, names)), not by the reference's"
            }
    }
}
