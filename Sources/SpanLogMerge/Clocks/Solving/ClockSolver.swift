/// Aligns the clocks of all domains at once, by what the calls between them say.
///
/// Each message is a constraint on two offsets; over time, those of a pair bound
/// how the two clocks differ; over all pairs, shortest paths bound each clock against the reference.
/// The middle of these bounds keeps every message that was believed, so no such child starts before
/// its parent, and no tighter bounds exist (Attiya, Herzberg and Rajsbaum 1996).
package struct ClockSolver: Sendable {
    private let facts: ClockFacts
    private let lines: [ClockDomain: ClockLine]

    /// - Parameters:
    ///   - facts: What was found, on the unstepped lines. All domains of the archive are named in it,
    ///     also those without a message.
    ///   - lines: The wall clocks of the boots.
    package init(_ facts: ClockFacts, lines: [ClockDomain: ClockLine] = [:]) {
        var facts = facts
        for domain in lines.keys.sorted() { _ = facts.index(of: domain) }
        self.facts = facts
        self.lines = lines
    }

    /// The corrections. The same facts give the same ones, in whatever order they came.
    package func solve(_ mode: ClockMode = .auto) -> ClockCorrections {
        switch mode {
        case .off:
            let domains = facts.domains.map { DomainCorrection(domain: $0, method: .off) }
            return ClockCorrections(mode: mode.name, reference: nil, domains: domains)
        case .manual(let offsets):
            return manual(offsets)
        case .auto, .middle:
            return aligned(mode)
        }
    }

    private func manual(_ offsets: ManualClockOffsets) -> ClockCorrections {
        let named = facts.domains + offsets.domains.keys
        let domains = Set(named).map { domain in
            var correction = DomainCorrection(domain: domain, method: .wallOnly)
            correction.line = lines[domain] ?? ClockLine()
            if let offset = offsets.domains[domain] {
                correction.method = .manual
                correction.frame = ClockDomain(name: "manual")
                correction.isBounded = offset.boundNanoseconds != nil
                correction.isBoundedInFrame = correction.isBounded
                correction.knots = [
                    .init(
                        time: 0, offsetNanoseconds: offset.offsetNanoseconds,
                        boundNanoseconds: offset.boundNanoseconds ?? 0)
                ]
            }
            return correction
        }
        return ClockCorrections(
            mode: ClockMode.manual(offsets).name, reference: nil, domains: domains)
    }

    private func aligned(_ mode: ClockMode) -> ClockCorrections {
        let facts = facts.compacted()
        let problem = ClockProblem(facts)
        let frames = ClockFrames(problem, keepingOwnClocks: mode == .auto)
        let result = ClockResult(problem, frames, lines)
        let domains = problem.domains.indices.map { result.correction($0) }
        var corrections = ClockCorrections(
            mode: mode.name, reference: result.reference, domains: domains, pairs: result.pairs)
        corrections.countRejected(facts)
        return corrections
    }
}
