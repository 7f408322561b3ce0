import SpanLogMerge

/// How the report of a merge tells of clocks: nothing, where there is but one.
enum ClockLines {
    static func lines(_ report: MergeReport) -> [String] {
        let clocks = report.clocks
        guard clocks.domains.count > 1 || clocks.domains.contains(where: { $0.steps > 0 }) else {
            return []
        }
        let names = report.clockNames
        let lines = clocks.domains.prefix(domainsMax).map { line($0, names) }
        let rest = clocks.domains.count - lines.count
        return lines + (rest > 0 ? ["  and \(rest) more: see `spanlog clock`"] : [])
    }

    private static func line(
        _ domain: ClockReport.Domain, _ names: [ClockDomain: String]
    ) -> String {
        let summary = domain.summary
        let name = names[domain.domain] ?? domain.domain.name
        var line = "clock of \(name): \(domain.method.rawValue)"
        if domain.method != .reference, domain.method != .off {
            line += ", \(Text.offset(summary.offsetAtStart)), "
            line += summary.boundGreatest.map { "±\(Text.duration($0))" } ?? "bound unknown"
            line += "; \(Text.count(domain.used, "message"))"
            if domain.rejected > 0 { line += ", \(domain.rejected) rejected" }
        }
        if domain.steps > 0 { line += "; set \(domain.steps) × in between" }
        return line
    }

    private static let domainsMax = 20
}
