/// One side of a call between hosts.
struct ClockSide {
    /// On the unstepped line of the domain.
    let span: ClockSpan
    let domain: Int32

    /// - Returns: `nil` if nobody knows on which side of a step the span lies.
    init?(_ span: JoinedSpan, _ domain: Int32, _ shift: ClockLine.Shift) {
        guard shift.ambiguityNanoseconds == 0 else { return nil }
        let role: ClockSpan.Role =
            span.kind == JoinedSpan.client
            ? .client : span.kind == JoinedSpan.server ? .server : .other
        self.domain = domain
        self.span = ClockSpan(
            role: role, startNanoseconds: span.start, endNanoseconds: span.end,
            hasFailed: !span.traits.isDisjoint(with: [.isError, .tellsFailure]),
            isStreaming: span.traits.contains(.isStreaming)
        ).moved(by: shift.nanoseconds)
    }
}

extension ClockEvidence {
    mutating func add(parent: ClockSide, child: ClockSide) {
        add(parent: parent.span, in: parent.domain, child: child.span, in: child.domain)
    }
}
