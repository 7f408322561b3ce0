import SpanLogFormat

extension PartitionJoin {
    /// Tells of the calls between hosts in the trace at hand.
    mutating func findClockFacts() {
        guard clocks.isCollecting else { return }
        var callsLeft = ClockEvidence.callsPerTraceMax
        for (index, parent) in parents.enumerated() where parent >= 0 && callsLeft > 0 {
            guard isBetweenDomains(spans[index], spans[Int(parent)]) else { continue }
            callsLeft -= 1
            guard let parent = clockSide(of: spans[Int(parent)]),
                let child = clockSide(of: spans[index])
            else { continue }
            clocks.add(parent: parent, child: child)
        }
    }

    /// Whether two spans were timed by different clocks, both of which are known.
    private func isBetweenDomains(_ one: JoinedSpan, _ other: JoinedSpan) -> Bool {
        let domain = clocks.domainOfProducer[Int(one.producer)]
        let otherDomain = clocks.domainOfProducer[Int(other.producer)]
        return domain != otherDomain && domain >= 0 && otherDomain >= 0
    }

    /// What a span says as one side of a call, on the unstepped line of its domain; `nil` if nobody
    /// knows on which side of a step it lies.
    func clockSide(of span: JoinedSpan) -> ClockSide? {
        let shift = clockShift(of: span)
        guard shift.ambiguityNanoseconds == 0 else { return nil }
        var said = ClockSpan(
            role: span.kind == JoinedSpan.client
                ? .client : span.kind == JoinedSpan.server ? .server : .other,
            startNanoseconds: span.start, endNanoseconds: span.end, hasFailed: span.status == 2)
        // Only of these is more asked than their times.
        if said.role != .other {
            let (bytes, range) = content(of: span)
            let call = ScannedSpan.call(in: bytes.span, range)
            said.hasFailed = said.hasFailed || call.tellsFailure
            said.isStreaming = call.messageCount > ClockSpan.messagesOfOneCall
        }
        return ClockSide(
            span: said.moved(by: shift.nanoseconds),
            domain: clocks.domainOfProducer[Int(span.producer)])
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
        guard span.change >= 0 else { return data.records[Int(span.record)].sequence }
        let originals = changes[Int(span.change)].originals
        return originals.lazy.map { data.records[Int($0)].sequence }.max() ?? 0
    }
}

/// One side of a call between hosts.
struct ClockSide {
    let span: ClockSpan
    let domain: Int32
}

extension ClockEvidence {
    mutating func add(parent: ClockSide, child: ClockSide) {
        add(parent: parent.span, in: parent.domain, child: child.span, in: child.domain)
    }
}
