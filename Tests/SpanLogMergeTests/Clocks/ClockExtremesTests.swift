import SpanLogFormat
import SpanLogMerge
import SpanLogTestSupport
import Testing

/// Facts that are forged, degenerate or at the limits of numbers.
@Suite struct ClockExtremesTests {
    private static let extremes: [UInt64] = [
        0, 1, 2, UInt64(Int64.max) / 2, UInt64(Int64.max) / 2 + 1, UInt64(Int64.max),
        UInt64(Int64.max) + 1, .max - 1, .max, Calls.epoch,
    ]

    @Test func `no facts and no domains give no corrections`() {
        for mode in [ClockMode.auto, .off, .middle, .manual(.init(domains: [:]))] {
            let corrections = ClockSolver(ClockFacts()).solve(mode)
            #expect(corrections.domains.isEmpty && corrections.pairs.isEmpty)
        }
    }

    @Test func `a single message is enough to place a host behind its cause`() {
        var calls = Calls(offsets: [0, -1_000])
        calls.send(0, 1, at: 0, taking: 10)
        let corrections = calls.solve(.auto)
        #expect(corrections.host(1).offset(at: Calls.epoch) == 990)
        #expect(corrections.host(1).bound(at: Calls.epoch) == nil)
    }

    @Test func `equal times leave clocks as they are`() {
        var calls = Calls(offsets: [0, 0])
        for _ in 0..<1_000 { calls.call(0, 1, at: 0, there: 0, back: 0, work: 0) }
        let corrections = calls.solve()
        #expect(corrections.host(1).offset(at: Calls.epoch) == 0)
        #expect(corrections.pairs[0].rejectedFactCount == 0)
    }

    @Test func `times at the limits of numbers do not trap`() {
        var facts = ClockFacts()
        let hosts = (0..<3).map { facts.index(of: Calls.domain($0)) }
        for sent in Self.extremes {
            for received in Self.extremes {
                for (sender, receiver) in [(0, 1), (1, 0), (1, 2), (2, 0)] {
                    facts.addMessage(
                        from: hosts[sender], at: sent, to: hosts[receiver], at: received,
                        isRequest: sent % 2 == 0)
                    facts.add(
                        parent: ClockSpan(
                            role: .client, startNanoseconds: sent, endNanoseconds: received),
                        in: hosts[sender],
                        child: ClockSpan(
                            role: .server, startNanoseconds: received, endNanoseconds: sent),
                        in: hosts[receiver])
                }
            }
        }
        for mode in [ClockMode.auto, .middle] {
            let corrections = ClockSolver(facts).solve(mode)
            for domain in corrections.domains {
                for time in Self.extremes {
                    let times = domain.corrected(start: time, end: .max, sealed: time)
                    #expect(times.endNanoseconds >= times.startNanoseconds)
                    _ = domain.boundInFrame(at: time)
                }
            }
        }
    }

    @Test func `a thousand hosts are aligned at fewer knots`() {
        var facts = ClockFacts()
        let hosts = (0..<1_000).map { facts.index(of: ClockDomain(instance: "\($0)")) }
        for number in hosts.indices.dropFirst() {
            let time = Calls.epoch + UInt64(number) * 1_000_000_000
            let server = time + UInt64(number) * 1_000
            facts.add(
                parent: ClockSpan(
                    role: .client, startNanoseconds: time, endNanoseconds: time + 1_000),
                in: hosts[0],
                child: ClockSpan(
                    role: .server, startNanoseconds: server + 200, endNanoseconds: server + 800),
                in: hosts[number])
        }
        let corrections = ClockSolver(facts).solve(.auto)
        #expect(corrections.reference == ClockDomain(instance: "0"))
        let last = corrections[ClockDomain(instance: "999")]
        #expect(last?.knots.first?.offsetNanoseconds == -999_000)
        #expect(last?.method == .bounded)
        // A thousand domains and pairs, and 2^20 values.
        #expect(corrections.domains.allSatisfy { $0.knots.count <= 525 })
    }

    @Test(arguments: 0..<UInt64(30))
    func `random facts never trap, and no more are rejected than there are`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var facts = ClockFacts()
        let hosts = (0..<6).map { facts.index(of: ClockDomain(instance: "\($0)")) }
        for _ in 0..<generator.below(400) {
            let time = generator.element(of: Self.extremes) &+ UInt64(generator.below(1_000_000))
            facts.addMessage(
                from: generator.element(of: hosts), at: time, to: generator.element(of: hosts),
                at: time &+ UInt64(generator.below(2_000_000)) &- 500_000,
                isRequest: generator.below(2) == 0)
        }
        let corrections = ClockSolver(facts).solve(generator.below(2) == 0 ? .auto : .middle)
        #expect(corrections.domains.count == 6)
        for pair in corrections.pairs { #expect(pair.rejectedFactCount <= pair.factCount) }
    }
}
