package import SpanLogMerge

/// How corrections compare with the truth.
package struct ClockJudgement: Sendable {
    /// Of each call, by how much the server's start is off against the client's clock: nanoseconds.
    package private(set) var errors: [Double] = []
    /// Of each call, the bound of the server's start against the reference's clock: nanoseconds.
    package private(set) var bounds: [Double] = []
    /// Calls whose server's start lies within the bound.
    package private(set) var insideCount = 0
    /// Calls so close to a step of a clock that nobody can say which came first.
    package private(set) var ambiguousCount = 0
    /// Other calls whose server starts before its client.
    package private(set) var earlyChildCount = 0
    /// Other calls that were truly answered and whose server ends after its client.
    package private(set) var lateAnswerCount = 0

    package init(_ simulation: ClockSimulation, _ corrections: ClockCorrections) {
        let domains = simulation.domains.compactMap { corrections[$0] }
        guard domains.count == simulation.domains.count else { return }
        let reference = simulation.domains.firstIndex { $0 == corrections.reference }
        for call in simulation.calls {
            let client = domains[call.client].corrected(
                start: call.clientSpan.startNanoseconds, end: call.clientSpan.endNanoseconds,
                sealed: call.clientSealed)
            let server = domains[call.server].corrected(
                start: call.serverSpan.startNanoseconds, end: call.serverSpan.endNanoseconds,
                sealed: call.serverSealed)
            errors.append(
                Self.difference(server.startNanoseconds, client.startNanoseconds) - call.trueDelay)
            if simulation.unstepped(call) == nil {
                ambiguousCount += 1
            } else {
                if server.startNanoseconds < client.startNanoseconds { earlyChildCount += 1 }
                if call.isAnswered, client.endNanoseconds < server.endNanoseconds {
                    lateAnswerCount += 1
                }
            }
            guard let reference, let bound = server.boundNanoseconds else { continue }
            bounds.append(Double(bound))
            let truth = simulation.unstepped(call.trueServerStart, host: reference)
            if abs(Self.difference(server.startNanoseconds, truth)) <= Double(bound) {
                insideCount += 1
            }
        }
    }

    private static func difference(_ left: UInt64, _ right: UInt64) -> Double {
        Double(Int64(bitPattern: left &- right))
    }
}
