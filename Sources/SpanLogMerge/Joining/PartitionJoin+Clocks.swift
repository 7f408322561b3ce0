import SpanLogFormat

extension PartitionJoin {
    /// Tells of the calls between hosts in the trace at hand.
    mutating func findClockFacts() {
        guard clocks.isCollecting else { return }
        // Taken out of the loop, whose body would copy all of this struct for a method of it.
        let (domains, hasSteps) = (clocks.domainOfProducer, clocks.collection.hasSteps)
        var callsLeft = ClockEvidence.callsPerTraceMax
        for (index, parent) in parents.enumerated() where parent >= 0 && callsLeft > 0 {
            let (child, parent) = (spans[index], spans[Int(parent)])
            let domain = domains[Int(child.producer)]
            let parentDomain = domains[Int(parent.producer)]
            guard domain != parentDomain, domain >= 0, parentDomain >= 0 else { continue }
            callsLeft -= 1
            let shifts =
                hasSteps
                ? (clockShift(of: parent), clockShift(of: child))
                : (ClockLine.Shift(), ClockLine.Shift())
            guard let parent = ClockSide(parent, parentDomain, shifts.0),
                let child = ClockSide(child, domain, shifts.1)
            else { continue }
            clocks.add(parent: parent, child: child)
        }
    }

    /// What a span says as one side of a call.
    func clockSide(of span: JoinedSpan) -> ClockSide? {
        ClockSide(span, clocks.domainOfProducer[Int(span.producer)], clockShift(of: span))
    }

    /// What brings a span onto the unstepped line of its domain.
    func clockShift(of span: JoinedSpan) -> ClockLine.Shift {
        let domain = clocks.domainOfProducer[Int(span.producer)]
        guard let line = clocks.collection.steps(of: domain) else { return ClockLine.Shift() }
        let seal = clocks.collection.sources.seals.seal(
            recorder(of: span.producer), sealSequence(of: span))
        return line.shift(start: span.start, end: span.end, seal)
    }

    /// The number, plus 1, of the block that tells when the span was sealed: the last one that its
    /// records were in. 0 if all of them were open.
    func sealSequence(of span: JoinedSpan) -> UInt64 {
        guard span.change >= 0 else {
            return data.sequence(of: data.records[Int(span.record)])
        }
        let originals = changes[Int(span.change)].originals
        return originals.lazy.map { data.sequence(of: data.records[Int($0)]) }.max() ?? 0
    }
}
