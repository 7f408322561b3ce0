package import SpanLogMerge

/// A scenario, played: what the hosts recorded, with the truth beside it.
package struct ClockSimulation: Sendable {
    /// The calls as their spans were recorded.
    package private(set) var calls: [Call] = []
    /// The domains of the hosts.
    package let domains: [ClockDomain]
    /// The wall clocks of the hosts, as their anchors tell.
    package var lines: [ClockDomain: ClockLine] {
        Dictionary(uniqueKeysWithValues: zip(domains, lineOfHost))
    }
    private let lineOfHost: [ClockLine]
    /// Pairs of hosts of which one calls the other.
    package let edgeCount: Int

    /// A call, by the clocks of its two hosts.
    package struct Call: Sendable {
        package let client: Int
        package let server: Int
        package let clientSpan: ClockSpan
        package let serverSpan: ClockSpan
        /// CLOCK_BOOTTIME of the two hosts when the spans' blocks were sealed.
        package let clientSealed: UInt64
        package let serverSealed: UInt64
        /// Whether the client truly waited for the answer.
        package let isAnswered: Bool
        /// How much later than the client's start the server's is, by the client's clock: nanoseconds.
        package let trueDelay: Double
        /// The server's start by each host's clock that is nobody's: the truth to compare bounds with.
        package let trueServerStart: Double
    }

    private let hosts: [SimulatedHost]

    package init(_ scenario: ClockScenario) {
        var random = RandomNumbers(seed: scenario.seed)
        let hosts = (0..<scenario.hostCount).map { SimulatedHost($0, scenario, &random) }
        self.hosts = hosts
        domains = hosts.map(\.domain)
        lineOfHost = hosts.map { $0.line(until: scenario.seconds) }
        let edges = Self.edges(scenario, &random)
        edgeCount = edges.count
        for edge in edges {
            var time = random.exponential(mean: 1 / scenario.callsPerSecond)
            while time < scenario.seconds {
                let call = SimulatedCall(edge, at: time, scenario, &random)
                calls.append(Self.record(call, hosts))
                time += random.exponential(mean: 1 / scenario.callsPerSecond)
            }
        }
    }

    /// What the clock of a host would say at a true time: nanoseconds since 1970, unstepped.
    package func unstepped(_ time: Double, host: Int) -> UInt64 {
        let wall = hosts[host].wall(time)
        let shift = lineOfHost[host].shift(
            start: wall, end: wall, sealed: hosts[host].boottime(SimulatedHost.sealTime(time)))
        return wall &+ UInt64(bitPattern: shift.nanoseconds)
    }

    private static func edges(
        _ scenario: ClockScenario, _ random: inout RandomNumbers
    ) -> [SimulatedEdge] {
        var edges = (1..<max(2, scenario.hostCount)).map { server in
            SimulatedEdge(client: random.below(server), server: server, &random)
        }
        while edges.count < scenario.hostCount * 3 / 2 {
            let (client, server) = (
                random.below(scenario.hostCount), random.below(scenario.hostCount)
            )
            let isKnown = edges.contains {
                ($0.client, $0.server) == (client, server)
                    || ($0.server, $0.client) == (client, server)
            }
            if client != server, !isKnown {
                edges.append(SimulatedEdge(client: client, server: server, &random))
            }
        }
        return edges
    }

    private static func record(_ call: SimulatedCall, _ hosts: [SimulatedHost]) -> Call {
        let (client, server) = (hosts[call.client], hosts[call.server])
        let isAsynchronous = call.kind == .asynchronous
        return Call(
            client: call.client, server: call.server,
            clientSpan: span(
                client, call.clientStart, call.clientEnd, isAsynchronous ? .other : .client,
                hasFailed: call.kind == .timedOut),
            serverSpan: span(
                server, call.serverStart, call.serverEnd, isAsynchronous ? .other : .server),
            clientSealed: client.boottime(SimulatedHost.sealTime(call.clientEnd)),
            serverSealed: server.boottime(SimulatedHost.sealTime(call.serverEnd)),
            isAnswered: call.kind == .answered,
            trueDelay: 1e9
                * (client.unstepped(call.serverStart) - client.unstepped(call.clientStart)),
            trueServerStart: call.serverStart)
    }

    /// A span as a recorder writes it: its end by a clock that is never set.
    private static func span(
        _ host: SimulatedHost, _ start: Double, _ end: Double, _ role: ClockSpan.Role,
        hasFailed: Bool = false
    ) -> ClockSpan {
        let wall = host.wall(start)
        return ClockSpan(
            role: role, startNanoseconds: wall,
            endNanoseconds: wall + host.boottime(end) - host.boottime(start), hasFailed: hasFailed)
    }
}

extension ClockSimulation {
    /// All facts, in the order of the calls.
    package func facts(_ settings: ClockSettings = ClockSettings()) -> ClockFacts {
        facts(of: calls, settings)
    }

    /// The facts of some calls.
    package func facts(
        of calls: some Sequence<Call>, _ settings: ClockSettings = ClockSettings()
    ) -> ClockFacts {
        var facts = ClockFacts(settings: settings)
        let indexes = domains.map { facts.index(of: $0) }
        for call in calls {
            guard let (client, server) = unstepped(call) else { continue }
            facts.add(
                parent: client, in: indexes[call.client], child: server, in: indexes[call.server])
        }
        return facts
    }

    /// The spans of a call on the unstepped lines of their hosts, or `nil` if it is not sure whether
    /// they were recorded before or after a clock was set.
    package func unstepped(_ call: Call) -> (client: ClockSpan, server: ClockSpan)? {
        guard let client = unstepped(call.clientSpan, call.client, call.clientSealed),
            let server = unstepped(call.serverSpan, call.server, call.serverSealed)
        else { return nil }
        return (client, server)
    }

    private func unstepped(_ span: ClockSpan, _ host: Int, _ sealed: UInt64) -> ClockSpan? {
        let line = lineOfHost[host]
        guard line.stepCount > 0 else { return span }
        let shift = line.shift(
            start: span.startNanoseconds, end: span.endNanoseconds, sealed: sealed)
        return shift.ambiguityNanoseconds == 0 ? span.moved(by: shift.nanoseconds) : nil
    }
}
