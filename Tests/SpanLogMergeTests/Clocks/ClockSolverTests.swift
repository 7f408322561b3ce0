import SpanLogMerge
import Testing

/// Envelope, network and application: steps 4 to 6 of the alignment, by numbers worked out by hand.
@Suite struct ClockSolverTests {
    /// What a single call leaves open besides: the clocks may drift by 100 parts in a million between
    /// the call and the knots 1/64 s around it.
    private static let slack: UInt64 = 1_563

    @Test func `one call puts the server into the middle of what is possible`() {
        var calls = Calls(offsets: [0, 5_000_000])
        calls.call(0, 1, at: 0, there: 500, back: 300)
        let corrections = calls.solve()
        #expect(corrections.reference == Calls.domain(0))
        let host = corrections.host(1)
        // The request says θ ≥ −5,000,500, the response θ ≤ −4,999,700.
        #expect(host.offset(at: calls.wall(1, 500)) == -5_000_100)
        #expect(host.method == .bounded)
        #expect(host.knots.allSatisfy { $0.boundNanoseconds == 400 + Self.slack })
        #expect(corrections.host(0).bound(at: calls.wall(0, 0)) == 0)
    }

    @Test func `the tightest messages of several calls count`() {
        var calls = Calls(offsets: [0, -70_000])
        calls.call(0, 1, at: 0, there: 900, back: 100)
        calls.call(0, 1, at: 2_000, there: 100, back: 700)
        let host = calls.solve().host(1)
        #expect(host.offset(at: calls.wall(1, 1_000)) == 70_000)
        #expect(host.knots.allSatisfy { $0.boundNanoseconds == 100 + Self.slack })
    }

    @Test func `calls in either direction tell the same`() {
        var calls = Calls(offsets: [0, 9_000])
        calls.call(1, 0, at: 0, there: 200, back: 400)
        let host = calls.solve().host(1)
        #expect(host.offset(at: calls.wall(1, 0)) == -9_000 - 100)
        #expect(host.knots.allSatisfy { $0.boundNanoseconds == 300 + Self.slack })
    }

    @Test func `a host behind a host is bounded along the way`() {
        var calls = Calls(offsets: [0, 40_000, -3_000_000])
        calls.call(0, 1, at: 0, there: 100, back: 300)
        calls.call(1, 2, at: 150, there: 50, back: 70)
        let host = calls.solve().host(2)
        // Against host 1, the one with most messages: θ − θ(1) from −(50) to 70 around the truth.
        #expect(host.frame == Calls.domain(1))
        #expect(host.offset(at: calls.wall(2, 200)) == 3_040_000 + 10)
        let other = calls.solve().host(0)
        #expect(other.offset(at: calls.wall(0, 0)) == 40_000 - 100)
    }

    @Test func `a way around that is tighter than the direct one bounds the host`() {
        var calls = Calls(offsets: [0, 0, 1_000_000])
        calls.call(0, 2, at: 0, there: 90_000, back: 90_000)
        calls.call(0, 1, at: 0, there: 100, back: 100)
        calls.call(1, 2, at: 0, there: 100, back: 100)
        let host = calls.solve().host(2)
        #expect(host.knots.allSatisfy { $0.boundNanoseconds <= 200 + 2 * Self.slack })
        #expect(host.offset(at: calls.wall(2, 0)) == -1_000_000)
    }

    @Test func `a host whose bounds contain zero keeps its own clock`() {
        var calls = Calls(offsets: [0, 150, 60_000])
        for time in stride(from: Int64(0), to: 10_000, by: 1_000) {
            calls.call(0, 1, at: time, there: 200, back: 300)
            calls.call(0, 2, at: time, there: 200, back: 300)
        }
        let automatic = calls.solve(.auto)
        #expect(automatic.host(1).offset(at: calls.wall(1, 0)) == 0)
        #expect(automatic.host(2).offset(at: calls.wall(2, 0)) == -59_950)
        // Its bound reaches to the farther end: θ lies between −350 and 150.
        #expect(automatic.host(1).knots.allSatisfy { $0.boundNanoseconds >= 350 })
        #expect(calls.solve(.middle).host(1).offset(at: calls.wall(1, 0)) == -100)
    }

    @Test func `hosts that keep their clocks agree with those that do not`() {
        // Both 1 and 2 could keep their clocks by what 0 says; between 1 and 2 that is impossible.
        var calls = Calls(offsets: [0, -400_000, 400_000])
        calls.call(0, 1, at: 0, there: 600_000, back: 600_000)
        calls.call(0, 2, at: 0, there: 600_000, back: 600_000)
        calls.call(1, 2, at: 0, there: 100, back: 100)
        calls.call(1, 2, at: 10, there: 100, back: 100)
        let corrections = calls.solve(.auto)
        let (one, two) = (corrections.host(1), corrections.host(2))
        let difference =
            two.offset(at: calls.wall(2, 0)) - one.offset(at: calls.wall(1, 0))
        #expect(abs(difference + 800_000) <= 100)
    }

    @Test func `a one-sided pair moves no further than its messages demand`() {
        var calls = Calls(offsets: [0, -50_000, 50_000, 0])
        calls.call(0, 3, at: 0, there: 10, back: 10)
        calls.send(0, 1, at: 0, taking: 1_000)
        calls.send(0, 2, at: 0, taking: 1_000)
        let corrections = calls.solve()
        // Host 1 receives 49 µs before it was sent to.
        #expect(corrections.host(1).offset(at: calls.wall(1, 1_000)) == 49_000)
        #expect(corrections.host(2).offset(at: calls.wall(2, 1_000)) == 0)
        for host in [1, 2] {
            #expect(corrections.host(host).method == .oneSided)
            #expect(corrections.host(host).bound(at: calls.wall(host, 0)) == nil)
        }
    }

    @Test func `hosts behind a one-sided pair stay aligned with each other`() {
        var calls = Calls(offsets: [0, -50_000, 700_000, 0])
        calls.call(0, 3, at: 0, there: 10, back: 10)
        calls.call(0, 3, at: 100, there: 10, back: 10)
        calls.call(0, 3, at: 200, there: 10, back: 10)
        calls.send(0, 1, at: 0, taking: 1_000)
        calls.call(1, 2, at: 2_000, there: 300, back: 300)
        let corrections = calls.solve()
        let (one, two) = (corrections.host(1), corrections.host(2))
        #expect(one.frame == two.frame && one.frame == Calls.domain(1))
        #expect(one.offset(at: calls.wall(1, 1_000)) == 49_000)
        #expect(two.offset(at: calls.wall(2, 2_000)) == 49_000 - 750_000)
        #expect(two.bound(at: calls.wall(2, 0)) == nil)
        let between = corrections.uncertainty(
            between: .init(unstepped: calls.wall(1, 2_000), domain: Calls.domain(1)),
            and: .init(unstepped: calls.wall(2, 2_000), domain: Calls.domain(2)))
        #expect(between.map { $0 < 5_000 } == true)
    }

    @Test func `hosts without a way to the reference keep their times with an unknown bound`() {
        var calls = Calls(offsets: [0, 1_000_000, 90_000_000, 7_000_000, 3])
        calls.call(0, 1, at: 0, there: 100, back: 100)
        calls.call(0, 1, at: 10, there: 100, back: 100)
        calls.call(2, 3, at: 0, there: 100, back: 100)
        let corrections = calls.solve()
        for host in [2, 3, 4] {
            #expect(corrections.host(host).method == .wallOnly)
            #expect(corrections.host(host).bound(at: calls.wall(host, 0)) == nil)
        }
        #expect(corrections.host(2).offset(at: calls.wall(2, 0)) == 0)
        #expect(corrections.host(4).offset(at: calls.wall(4, 0)) == 0)
        // They are aligned with each other, by the clock of the first of them.
        #expect(corrections.host(3).offset(at: calls.wall(3, 0)) == 83_000_000)
        #expect(corrections.host(3).frame == Calls.domain(2))
    }

    @Test func `of a cycle that contradicts itself the least supported pair is dropped and graded`()
    {
        var calls = Calls(offsets: [0, 0, 0])
        for time in 0..<Int64(4) {
            calls.call(0, 1, at: time, there: 100, back: 100)
            calls.call(1, 2, at: time, there: 100, back: 100)
        }
        // Host 2's clock cannot be a second behind here and right there.
        calls.send(2, 0, at: 0, taking: -1_000_000_000)
        let corrections = calls.solve()
        let pair = corrections.pairs.first { $0.second == Calls.domain(2) && $0.factCount == 1 }
        #expect(pair?.isInconsistent == true)
        #expect(pair?.rejectedFactCount == 1)
        #expect(corrections.host(2).offset(at: calls.wall(2, 0)) == 0)
        #expect(corrections.host(2).method == .bounded)
    }

    @Test func `the reference is the host with most messages, and of several the least name`() {
        var calls = Calls(offsets: [0, 0, 0, 0])
        calls.call(3, 1, at: 0, there: 10, back: 10)
        calls.call(2, 1, at: 0, there: 10, back: 10)
        #expect(calls.solve().reference == Calls.domain(1))
        calls.call(0, 3, at: 0, there: 10, back: 10)
        calls.call(0, 2, at: 0, there: 10, back: 10)
        #expect(calls.solve().reference == Calls.domain(0))
    }

    @Test func `between knots and beyond them the bound grows with the drift`() {
        var calls = Calls(offsets: [0, 5_000])
        calls.call(0, 1, at: 0, there: 500, back: 500)
        let host = calls.solve().host(1)
        let end = UInt64(host.knots.last!.time)
        let bound = host.knots.last!.boundNanoseconds
        // 100 parts in a million of 10 s are 1 ms.
        #expect(host.bound(at: end + 10_000_000_000) == bound + 1_000_000)
        let middle = UInt64((host.knots[0].time + host.knots[1].time) / 2)
        #expect(host.bound(at: middle).map { $0 > bound } == true)
    }

    @Test func `a difference smaller than its bound is recognised`() {
        var calls = Calls(offsets: [0, 5_000_000])
        calls.call(0, 1, at: 0, there: 50_000, back: 50_000)
        let corrections = calls.solve()
        func moment(_ host: Int, _ time: Int64) -> ClockCorrections.Moment {
            .init(unstepped: calls.wall(host, time), domain: Calls.domain(host))
        }
        #expect(!corrections.isOrderKnown(of: moment(0, 0), and: moment(1, 40_000)))
        #expect(corrections.isOrderKnown(of: moment(0, 0), and: moment(1, 90_000)))
        #expect(corrections.isOrderKnown(of: moment(1, 0), and: moment(1, 1)))
        let stranger = ClockCorrections.Moment(
            unstepped: 1, domain: ClockDomain(instance: "nobody"))
        #expect(!corrections.isOrderKnown(of: moment(0, 0), and: stranger))
    }
}
