import SpanLogFormat
import Synchronization

/// What a merge finds out about clocks while it joins spans, by all of its threads.
final class ClockCollection: Sendable {
    let mode: ClockMode
    /// By number; see ``ClockDomains``.
    let domains: [ClockDomain]
    let sources: ClockSources
    private let numbers: [ClockDomain: Int32]
    private let lines: [ClockDomain: ClockLine]
    /// Of each domain, by number: `nil` unless its clock was set.
    private let steps: [ClockLine?]
    /// Whether some domain's clock was set.
    let hasSteps: Bool
    private let facts: Mutex<ClockFacts>
    /// What a thread may hold back of its facts.
    let factsBytesMax: Int

    init(_ sources: ClockSources, mode: ClockMode, factsBytesMax: Int) {
        self.mode = mode
        self.sources = sources
        self.factsBytesMax = factsBytesMax
        domains = sources.domains.sorted
        numbers = Dictionary(
            uniqueKeysWithValues: domains.enumerated().map { ($1, Int32($0)) })
        lines = mode == .off ? [:] : sources.anchors.mapValues { ClockLine($0) }
        let lines = lines
        steps = domains.map { domain in
            lines[domain].flatMap { $0.pieces.count > 1 ? $0 : nil }
        }
        hasSteps = steps.contains { $0 != nil }
        facts = Mutex(Self.noFacts(domains))
    }

    /// Facts to which the numbers of domains are known.
    static func noFacts(_ domains: [ClockDomain]) -> ClockFacts {
        var facts = ClockFacts(settings: settings)
        for domain in domains { _ = facts.index(of: domain) }
        return facts
    }

    /// Whether calls tell something that is wanted.
    var isCollecting: Bool {
        guard domains.count > 1 else { return false }
        switch mode {
        case .auto, .middle: return true
        case .off, .manual: return false
        }
    }

    /// The number of a domain, or -1 if it has none.
    func number(of domain: ClockDomain) -> Int32 { numbers[domain] ?? -1 }

    /// The line of a domain whose clock was set.
    func steps(of domain: Int32) -> ClockLine? { domain < 0 ? nil : steps[Int(domain)] }

    /// Takes what a thread has found, which it must forget.
    func add(_ found: ClockFacts) {
        facts.withLock { $0.merge(found) }
    }

    /// The corrections, once everything was found.
    func solve() -> ClockCorrections {
        let facts = facts.withLock { facts in
            defer { facts = Self.noFacts([]) }
            return facts
        }
        let known = lines.filter { numbers[$0.key] != nil }
        return ClockSolver(facts, lines: known).solve(knownMode)
    }

    /// Offsets of domains that nothing was recorded in have no place among the corrections.
    private var knownMode: ClockMode {
        guard case .manual(var offsets) = mode else { return mode }
        offsets.domains = offsets.domains.filter { numbers[$0.key] != nil }
        return .manual(offsets)
    }

    /// A quarter of the usual memory; time between hosts is told by cells of seconds as well.
    static var settings: ClockSettings {
        var settings = ClockSettings()
        settings.cellMax = 1 << 18
        return settings
    }
}
