import SpanLogClockSimulation
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge

/// Detrending and removal of what is wrong: steps 2 and 3 of the alignment.
@Suite struct ClockOutlierTests {
    @Test func `the fewest messages are removed that restore order`() throws {
        // Upper bounds of φ, and of −φ: the least upper one contradicts both lower ones.
        let one = try #require(PairFit.fewest([-50, 5, 8, 9], [4, 6, 7, 9]))
        #expect(one == (1, 0))
        let other = try #require(PairFit.fewest([3, 5, 8, 9], [-70, -60, 7, 9]))
        #expect(other == (0, 2))
        let none = try #require(PairFit.fewest([3, 5], [-3, 4]))
        #expect(none == (0, 0))
        let oneSided = try #require(PairFit.fewest([3, 5], []))
        #expect(oneSided == (0, 0))
    }

    @Test func `if too many would have to go nothing is believed`() {
        #expect(PairFit.fewest([-5, -4, -3, 9], [1, 1, 1, 9]) == nil)
        #expect(PairFit.fewest([-5], [1]) == nil)
    }

    private static func calls(_ count: Int64, apart: Int64, drift: Double) -> ClockFacts {
        var facts = ClockFacts()
        let (one, two) = (
            facts.index(of: Calls.domain(0)), facts.index(of: Calls.domain(1))
        )
        for number in 0..<count {
            let time = number * apart
            func wall(_ nanoseconds: Int64) -> UInt64 {
                Calls.epoch + UInt64(Double(nanoseconds) * (1 + drift)) + 1_000_000
            }
            // Every third message is fast.
            let delay: Int64 = number % 3 == 0 ? 10_000 : 200_000
            facts.addMessage(
                from: one, at: Calls.epoch + UInt64(time), to: two, at: wall(time + delay),
                isRequest: true)
            facts.addMessage(
                from: two, at: wall(time + 900_000), to: one,
                at: Calls.epoch + UInt64(time + 900_000 + delay), isRequest: false)
        }
        return facts
    }

    @Test(arguments: [0.0, 15e-6, -60e-6])
    func `a steady drift is taken out`(drift: Double) {
        let facts = Self.calls(2_000, apart: 300_000_000, drift: drift)
        let corrections = ClockSolver(facts).solve(.middle)
        let host = corrections.host(1)
        #expect(abs(host.driftPPM + drift * 1e6) < 0.5)
        for second in stride(from: Int64(0), to: 600, by: 7) {
            let truth = second * 1_000_000_000
            let wall = Calls.epoch + UInt64(Double(truth) * (1 + drift)) + 1_000_000
            let error = Int64(host.corrected(wall)) - Int64(Calls.epoch) - truth
            #expect(abs(error) < 15_000)
        }
    }

    @Test func `a single wrong answer in each window does no harm`() {
        var facts = Self.calls(2_000, apart: 300_000_000, drift: 0)
        let (one, two) = (
            facts.index(of: Calls.domain(0)), facts.index(of: Calls.domain(1))
        )
        // Too tight by 5 µs: less than a fast message took, so nothing contradicts it.
        for number in 0..<UInt64(20) {
            let time = Calls.epoch + number * 30_000_000_000
            facts.addMessage(
                from: two, at: time + 1_000_000 + 5_000, to: one, at: time, isRequest: false)
        }
        let host = ClockSolver(facts).solve(.middle).host(1)
        for knot in host.knots {
            let error = Int64(knot.offsetNanoseconds) + 1_000_000
            #expect(error.magnitude <= knot.boundNanoseconds)
        }
    }

    @Test func `windows that contradict most others are removed`() {
        var facts = Self.calls(2_000, apart: 300_000_000, drift: 0)
        let (one, two) = (
            facts.index(of: Calls.domain(0)), facts.index(of: Calls.domain(1))
        )
        // In 2 of 600 seconds all answers seem to come 50 ms early.
        for number in 0..<UInt64(40) {
            let time = Calls.epoch + 300_000_000_000 + number * 50_000_000
            facts.addMessage(
                from: two, at: time + 51_000_000, to: one, at: time, isRequest: false)
        }
        let corrections = ClockSolver(facts).solve(.middle)
        #expect(
            corrections.host(1).knots.allSatisfy { abs($0.offsetNanoseconds + 1_000_000) < 20_000 })
        #expect(corrections.pairs[0].rejectedFactCount > 0)
    }

    @Test func `a pair with many contradictions is graded inconsistent, its bound unknown`() {
        var facts = Self.calls(200, apart: 300_000_000, drift: 0)
        let (one, two) = (
            facts.index(of: Calls.domain(0)), facts.index(of: Calls.domain(1))
        )
        for number in 0..<UInt64(40) {
            let time = Calls.epoch + number * 1_400_000_000
            facts.addMessage(
                from: two, at: time + 51_000_000, to: one, at: time, isRequest: false)
        }
        let corrections = ClockSolver(facts).solve(.middle)
        #expect(corrections.pairs[0].isInconsistent)
        #expect(corrections.host(1).method == .inconsistent)
        #expect(corrections.host(1).bound(at: Calls.epoch) == nil)
    }
}
