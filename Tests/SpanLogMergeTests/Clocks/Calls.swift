import SpanLogMerge

/// Calls between hosts with clocks that the test sets.
struct Calls {
    var facts: ClockFacts
    private let offsets: [Int64]
    static let epoch: UInt64 = 1_700_000_000_000_000_000

    /// Hosts whose clocks are ahead of the truth by so many nanoseconds.
    init(offsets: [Int64], settings: ClockSettings = ClockSettings()) {
        facts = ClockFacts(settings: settings)
        self.offsets = offsets
        for host in offsets.indices { _ = facts.index(of: Self.domain(host)) }
    }

    static func domain(_ host: Int) -> ClockDomain {
        ClockDomain(bootID: Array(repeating: UInt8(host + 1), count: 16))!
    }

    /// What a host's clock says `nanoseconds` after the epoch.
    func wall(_ host: Int, _ nanoseconds: Int64) -> UInt64 {
        UInt64(Int64(Self.epoch) + nanoseconds + offsets[host])
    }

    /// A call at a true time, whose messages take so long.
    mutating func call(
        _ client: Int, _ server: Int, at time: Int64, there: Int64, back: Int64,
        work: Int64 = 1_000
    ) {
        facts.add(
            parent: ClockSpan(
                role: .client, startNanoseconds: wall(client, time),
                endNanoseconds: wall(client, time + there + work + back)),
            in: client,
            child: ClockSpan(
                role: .server, startNanoseconds: wall(server, time + there),
                endNanoseconds: wall(server, time + there + work)),
            in: server)
    }

    /// A message that is not answered.
    mutating func send(_ sender: Int, _ receiver: Int, at time: Int64, taking delay: Int64) {
        facts.addMessage(
            from: sender, at: wall(sender, time), to: receiver, at: wall(receiver, time + delay),
            isRequest: true)
    }

    func solve(_ mode: ClockMode = .middle) -> ClockCorrections {
        ClockSolver(facts).solve(mode)
    }
}

extension ClockCorrections {
    func host(_ host: Int) -> DomainCorrection {
        self[Calls.domain(host)]!
    }
}
